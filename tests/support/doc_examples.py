"""Extract the examples from the documentation, and compare real responses with the documented ones."""

import email.message
import json
import re
import shlex
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ('HOST', 'REFERENCE', 'Documented', 'Exchange', 'Request', 'exchanges', 'fences', 'queries')

REFERENCE = Path(__file__).resolve().parents[2] / 'docs' / 'reference'
HOST = 'https://netbox.example.com'
FENCE = re.compile(r'^```(\w+)\n(.*?)^```$', re.MULTILINE | re.DOTALL)
# Matches any value; at the end of a string, any rest; as a key, any further fields.
ANY = '…'
# Fields of a request that contain the ID of an object
REFERENCES = ('certificate', 'expected_certificate', 'assigned_object_id')

CURL = ArgumentParser(exit_on_error=False)
CURL.add_argument('url')
CURL.add_argument('-H', dest='headers', action='append', default=[])
CURL.add_argument('-F', dest='form', action='append', default=[])
CURL.add_argument('--data-binary')


@dataclass
class Request:
    method: str
    path: str
    body: str = ''
    content_type: str = 'application/json'
    # Name of the file to send as the body
    file: str = ''
    # Form field → value; the name of a file starts with @
    form: dict = field(default_factory=dict)


@dataclass
class Exchange:
    request: Request
    status: int
    answer: object


def fences(page: str) -> list[tuple[str, str]]:
    """Return the language and text of each fenced block of a page."""
    return FENCE.findall((REFERENCE / page).read_text(encoding='utf-8'))


def exchanges(page: str) -> list[Exchange]:
    """Return the requests of a page (HTTP or curl), each with the response that follows it."""
    blocks = [text for language, text in fences(page) if language in ('http', 'sh')]
    requests, answers = blocks[::2], blocks[1::2]
    if len(requests) != len(answers) or not all(text.startswith('HTTP/1.1 ') for text in answers):
        raise AssertionError(f'{page}: not every request is followed by its response')
    return [_exchange(*pair) for pair in zip(requests, answers, strict=True)]


def queries(page: str) -> list[tuple[str, object]]:
    """Return the GraphQL queries of a page, each with the response that follows it."""
    blocks = [(language, text) for language, text in fences(page) if language in ('graphql', 'json')]
    if [language for language, _ in blocks] != ['graphql', 'json'] * (len(blocks) // 2):
        raise AssertionError(f'{page}: not every query is followed by its response')
    texts = [text for _, text in blocks]
    return [(query, json.loads(answer)) for query, answer in zip(texts[::2], texts[1::2], strict=True)]


def _exchange(request: str, answer: str) -> Exchange:
    head, _, body = answer.partition('\n\n')
    read = _read_curl if request.startswith('curl ') else _read_http
    return Exchange(read(request), int(head.split()[1]), json.loads(body) if body.strip() else None)


def _read_http(text: str) -> Request:
    head, _, body = text.partition('\n\n')
    return Request(*head.split(), body=body)


def _read_curl(text: str) -> Request:
    given = CURL.parse_args(shlex.split(text.replace('\\\n', ' '))[1:])
    headers = email.message.Message()
    for header in given.headers:
        name, _, value = header.partition(':')
        headers[name] = value.strip()
    if headers['Authorization'] != 'Bearer $TOKEN':
        raise AssertionError(f'{text} does not send a token')
    request = Request('POST', given.url.removeprefix(HOST))
    if given.form:
        request.form = dict(item.split('=', 1) for item in given.form)
    else:
        request.file = given.data_binary.removeprefix('@')
        # As curl does.
        request.content_type = headers['Content-Type'] or 'application/x-www-form-urlencoded'
    return request


class Documented:
    """Compare responses with the documented ones. Each documented ID always stands for the same real ID."""

    def __init__(self, host: str):
        self.host = host
        self.ids: dict[int, int] = {}

    def real(self, text: str) -> str:
        """Return a documented URL, path or query string with the real IDs."""
        text = re.sub(r'(?<=/)\d+(?=/)|(?<=_id=)\d+', lambda match: str(self._real_id(int(match[0]))), text)
        return text.replace(HOST, self.host)

    def real_query(self, text: str) -> str:
        """Return a documented GraphQL query with the real IDs."""
        return re.sub(r'(?<=\bid: )\d+', lambda match: str(self._real_id(int(match[0]))), text)

    def real_body(self, value):
        """Return a documented JSON body with the real IDs."""
        if isinstance(value, dict):
            return {
                key: self._real_id(item) if key in REFERENCES else self.real_body(item) for key, item in value.items()
            }
        return [self.real_body(item) for item in value] if isinstance(value, list) else value

    def _real_id(self, number: int) -> int:
        return self.ids.get(number, number)

    def differences(self, documented, actual, where: str = 'response') -> list[str]:
        """Return sentences that describe where ``actual`` differs from ``documented``."""
        if isinstance(documented, dict) and isinstance(actual, dict):
            return self._compare_objects(documented, actual, where)
        if isinstance(documented, list) and isinstance(actual, list):
            if len(documented) != len(actual):
                return [f'{where}: {len(documented)} documented, {len(actual)} returned']
            pairs = zip(documented, actual, strict=True)
            return [found for i, pair in enumerate(pairs) for found in self.differences(*pair, f'{where}[{i}]')]
        if isinstance(documented, str) and documented.endswith(ANY):
            start = documented.removesuffix(ANY)
            same = actual is not None and (not start or str(actual).startswith(start))
        elif isinstance(documented, str) and isinstance(actual, str):
            same = documented == actual or self.real(documented) == actual or self._named(documented) == actual
        else:
            same = type(documented) is type(actual) and documented == actual
        return [] if same else [f'{where}: documented {documented!r}, returned {actual!r}']

    def _compare_objects(self, documented: dict, actual: dict, where: str) -> list[str]:
        keys = documented.keys() - {ANY}
        found = [f'{where}.{key} is not returned' for key in sorted(keys - actual.keys())]
        if ANY not in documented:
            found += [f'{where}.{key} is not documented' for key in sorted(actual.keys() - keys)]
        # The ID first: the URL contains it.
        for key in sorted(keys & actual.keys(), key=lambda key: key != 'id'):
            if key == 'id':
                # REST returns numbers, GraphQL strings.
                number, real = int(documented['id']), int(actual['id'])
                if self.ids.setdefault(number, real) != real:
                    found.append(f'{where}.id: {number} stood for {self.ids[number]}, returned {real}')
            else:
                found += self.differences(documented[key], actual[key], f'{where}.{key}')
        return found

    def _named(self, text: str) -> str:
        """Return a documented sentence with the real IDs."""
        return re.sub(r'(?<=\(ID )\d+(?=\))', lambda match: str(self._real_id(int(match[0]))), text)
