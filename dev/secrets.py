"""Keys that NetBox needs, made once per checkout and never committed."""

import json
import secrets

from dev import paths

_FILE = paths.STATE / 'secrets.json'


def _load():
    if not _FILE.exists():
        values = {'secret_key': secrets.token_urlsafe(48), 'pepper': secrets.token_urlsafe(48)}
        paths.write_atomically(_FILE, json.dumps(values))
    return json.loads(_FILE.read_text())


def secret_key():
    return _load()['secret_key']


def peppers():
    return {1: _load()['pepper']}
