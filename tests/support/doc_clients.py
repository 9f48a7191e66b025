"""Let programs that use requests, such as pynetbox, send them to Django's test client instead of a server."""

import io
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

__all__ = ('session_through',)


class TestClientAdapter(BaseAdapter):
    def __init__(self, client):
        super().__init__()
        self.client = client

    def send(self, request, **kwargs):
        parts = urlsplit(request.url)
        headers = dict(request.headers)
        answer = self.client.generic(
            request.method,
            f'{parts.path}?{parts.query}' if parts.query else parts.path,
            request.body or b'',
            content_type=headers.pop('Content-Type', 'application/json'),
            headers=headers,
            secure=parts.scheme == 'https',
        )
        response = requests.Response()
        response.status_code = answer.status_code
        response.reason = answer.reason_phrase
        response.headers.update(answer.headers)
        response.raw = io.BytesIO(answer.content)
        response.url = request.url
        response.request = request
        return response

    def close(self):
        pass


def session_through(client) -> requests.Session:
    """Return a session of requests that sends everything to ``client``."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ('http://', 'https://'):
        session.mount(scheme, TestClientAdapter(client))
    return session
