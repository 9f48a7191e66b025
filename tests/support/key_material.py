"""Private keys in the forms in which people paste them. Created in each run, and never written to a file."""

import base64
import json
import re
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from tests.support.certificate_factory import make_key
from tests.support.factories import issue_acme

__all__ = ('BINARY_FORMS', 'FORMS', 'Material', 'binary', 'material', 'short')

PASSWORD = BestAvailableEncryption(b'secret')


@dataclass(frozen=True)
class Material:
    """The pasted text, and its parts that must not appear anywhere."""

    text: str
    secrets: tuple[str, ...]


def _der(key) -> bytes:
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def _pem(key, form=PrivateFormat.PKCS8, encryption=None) -> str:
    return key.private_bytes(Encoding.PEM, form, encryption or NoEncryption()).decode()


def _pkcs12() -> bytes:
    issued = issue_acme()
    return pkcs12.serialize_key_and_certificates(b'x', issued.key, issued.certificate, None, PASSWORD)


def _certificate_and_key() -> tuple[str, str]:
    issued = issue_acme()
    return issued.fullchain_pem + issued.key_pem, issued.key_pem


# Name → a function that returns the text, or the text and its secret part
FORMS = {
    'PKCS#8, PEM': lambda: _pem(make_key()),
    'SEC 1, PEM': lambda: _pem(make_key(), PrivateFormat.TraditionalOpenSSL),
    'PKCS#1, PEM': lambda: _pem(make_key('rsa'), PrivateFormat.TraditionalOpenSSL),
    'Ed25519, PEM': lambda: _pem(make_key('ed25519')),
    'encrypted PKCS#8, PEM': lambda: _pem(make_key(), encryption=PASSWORD),
    'OpenSSH': lambda: _pem(make_key('ed25519'), PrivateFormat.OpenSSH),
    'after its certificate': _certificate_and_key,
    'within a text': lambda: f'Here is the key:\n{_pem(make_key())}\nRegards',
    'one line with escaped line feeds': lambda: _pem(make_key()).replace('\n', '\\n'),
    'one line with spaces': lambda: _pem(make_key()).replace('\n', ' '),
    'bare base64 of DER': lambda: base64.b64encode(_der(make_key())).decode(),
    'base64 of PEM': lambda: base64.b64encode(_pem(make_key()).encode()).decode(),
    'base64 of PKCS#12': lambda: base64.b64encode(_pkcs12()).decode(),
}
BINARY_FORMS = {
    'DER PKCS#8': lambda: _der(make_key()),
    'DER SEC 1': lambda: make_key().private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    'DER PKCS#1': lambda: make_key('rsa').private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption()),
    'PKCS#12': _pkcs12,
}


def material(name: str) -> Material:
    made = FORMS[name]()
    text, secret = made if isinstance(made, tuple) else (made, made)
    return Material(text, _secrets(secret))


def binary(name: str) -> bytes:
    return BINARY_FORMS[name]()


@cache
def short() -> Material:
    """Return a key that fits into 200 characters, the shortest column."""
    return material('Ed25519, PEM')


def _secrets(text: str) -> tuple[str, ...]:
    """Return parts of each run of base64, without its ends, which are the same in every key."""
    runs = re.findall(r'[A-Za-z0-9+/]{36,}', json.loads(f'"{text}"') if '\\n' in text else text)
    secrets = tuple(run[-24:-4] for run in runs if not run.startswith('MIIB' * 4))
    assert secrets, 'nothing to look for'
    return secrets
