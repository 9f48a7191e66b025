"""The REST API as a client sees it."""

import requests


class Api:
    """
    GET, POST, ... with a token. Paths are relative to /api/; responses are JSON, errors are raised with their text.
    """

    def __init__(self, base_url, authorization):
        self.base_url = base_url
        self.session = requests.Session()
        self.session.headers.update({'Authorization': authorization, 'Accept': 'application/json'})
        # Do not use a proxy of this machine for 127.0.0.1.
        self.session.trust_env = False

    def url(self, path):
        return f'{self.base_url}/api/{path.lstrip("/")}'

    def request(self, method, path, **more):
        """Return the response, whatever its status."""
        return self.session.request(method, self.url(path), timeout=120, **more)

    def call(self, method, path, **more):
        answer = self.request(method, path, **more)
        if not answer.ok:
            raise AssertionError(f'{method} {path}: {answer.status_code} {answer.text[:2000]}')
        return answer.json() if answer.content else None

    def get(self, path, **params):
        return self.call('GET', path, params=params)

    def post(self, path, data=None, **more):
        return self.call('POST', path, **({'json': data} if data is not None else {}), **more)

    def patch(self, path, data):
        return self.call('PATCH', path, json=data)

    def delete(self, path, data=None):
        return self.call('DELETE', path, **({'json': data} if data is not None else {}))
