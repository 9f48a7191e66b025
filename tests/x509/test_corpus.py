"""Other people's certificates, and mutations of them: no input raises anything but ``CertificateInputError``."""

import base64
import re
import ssl
import subprocess
import warnings
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cryptography_vectors
import pytest
from cryptography.hazmat.primitives import serialization
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netbox_ssl.x509 import CertificateInputError, ParsedInput, find_private_key, read_certificates
from tests.support import programs

VECTORS = Path(cryptography_vectors.__file__).parent
SUFFIXES = {'.pem', '.der', '.crt', '.cer', '.p7b', '.csr', '.key', '.p12', '.pub', '.txt'}

pytestmark = pytest.mark.filterwarnings('ignore')  # Warnings of cryptography about future refusals


@cache
def corpus() -> list[Path]:
    """Return all files about X.509 (also mails and certificate pairs), and PEM or DER among the others."""
    return [
        path
        for path in sorted(VECTORS.rglob('*'))
        if path.is_file() and (path.is_relative_to(VECTORS / 'x509') or path.suffix in SUFFIXES)
    ]


def read(data: bytes | str) -> ParsedInput | CertificateInputError:
    try:
        return read_certificates(data, allow_ca=True)
    except CertificateInputError as error:
        return error


def check(outcome: ParsedInput | CertificateInputError) -> None:
    """Check that the result can be stored and shown."""
    if isinstance(outcome, CertificateInputError):
        assert outcome.code
        assert len(str(outcome)) > 20
        assert str(outcome).isprintable()
        return
    assert outcome.leaves
    for leaf in outcome.leaves:
        facts = leaf.facts
        assert facts.name.strip()
        assert len(facts.name) <= 255
        texts = (facts.name, facts.subject, facts.issuer, facts.key_algorithm, *facts.subject_alt_names)
        assert all(text.isprintable() for text in texts)
        ''.join(texts).encode()
        assert facts.valid_from.tzinfo is facts.valid_to.tzinfo is not None


def test_every_file_of_the_vectors_is_read_or_refused_with_its_cause():
    outcomes = Counter()
    for path in corpus():
        outcome = read(path.read_bytes())
        check(outcome)
        folder = path.relative_to(VECTORS).parts[0]
        outcomes[folder, getattr(outcome, 'code', 'read')] += 1
    # Numbers of cryptography-vectors 44 to 50; later versions may only have more
    assert outcomes['x509', 'read'] >= 500
    assert outcomes['pkcs7', 'read'] >= 4
    assert outcomes['x509', 'certificate_request'] >= 20
    assert outcomes['pkcs12', 'pkcs12'] >= 20
    assert outcomes['x509', 'crl'] >= 190
    assert outcomes['x509', 'pkcs12'] >= 400
    assert outcomes['x509', 'unreadable'] <= 20


# Shown by ``openssl x509 -text``, and refused: file → code, and a word of the reason
REFUSED = {
    'badasn1time.pem': ('unreadable', 'is not a time'),  # OpenSSL prints "Bad time value".
    'cryptography.io.precert.pem': ('precertificate', 'RFC 6962'),
}


def certificates_of_the_vectors() -> Iterator[tuple[str, bytes]]:
    """Yield the names of files and the certificates in them, as DER, each once."""
    seen = set()
    for path in corpus():
        if path.suffix == '.p12':
            continue
        data = path.read_bytes()
        blocks = re.findall(rb'-BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END', data, re.DOTALL)
        for encoded in [base64.b64decode(block) for block in blocks] if b'-----BEGIN' in data else [data]:
            if encoded[:1] == b'0' and encoded not in seen:
                seen.add(encoded)
                yield path.name, encoded


def test_what_openssl_shows_is_read_or_refused_with_a_true_reason(tmp_path):
    """The program is asked only for what is refused, and is a certificate for the library in Python: it is slow."""
    accepted, refused = [], {}
    for name, encoded in certificates_of_the_vectors():
        if isinstance(outcome := read(encoded), CertificateInputError):
            refused[name, encoded] = outcome
        else:
            accepted.append(encoded)
    assert len(accepted) >= 500
    assert len(shown_by_openssl(accepted[:40], tmp_path)) >= 20
    shown = shown_by_openssl([encoded for _name, encoded in refused if loads_in_openssl(encoded)], tmp_path)
    for (name, encoded), error in refused.items():
        if encoded in shown:
            assert name in REFUSED, error
            code, word = REFUSED[name]
            assert (error.code, word in str(error)) == (code, True), error


def loads_in_openssl(encoded: bytes) -> bool:
    """Return whether the data begin with a certificate."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=encoded)
    except ssl.SSLError as error:
        return 'does not contain a certificate' not in str(error)
    return True


def shown_by_openssl(certificates: list[bytes], folder: Path) -> list[bytes]:
    """Return those of which ``openssl x509`` shows the text."""
    for number, encoded in enumerate(certificates):
        (folder / str(number)).write_bytes(encoded)
    # One shell for all: starting a process from this one, which is large, takes longer.
    script = 'for file; do openssl x509 -inform DER -in "$file" -noout -text >/dev/null 2>&1 && echo "$file"; done; :'
    command = [programs.find('sh'), '-c', script, 'sh', *map(str, range(len(certificates)))]
    printed = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout
    return [certificates[int(number)] for number in printed.split()]


def test_every_private_key_of_the_vectors_is_found():
    loaders = (
        serialization.load_pem_private_key,
        serialization.load_der_private_key,
        serialization.load_ssh_private_key,
    )
    found = 0
    for path in corpus():
        data = path.read_bytes()
        if any(_loads(loader, data) for loader in loaders):
            assert find_private_key(data), path
            found += 1
    assert found >= 50  # without a password


def _loads(loader, data: bytes) -> bool:
    try:
        loader(data, None)
    except Exception:
        return False
    return True


@pytest.mark.parametrize(
    ('file', 'issuer', 'is_ca'),
    [
        ('x509/letsencryptx3.pem', 'DST Root CA X3', True),
        ('x509/cryptography.io.pem', 'RapidSSL SHA256 CA - G3', False),
        ('x509/wildcard_san.pem', 'Trustwave Organization Validation SHA256 CA, Level 1', False),
    ],
)
def test_known_certificates(file, issuer, is_ca):
    [leaf] = read((VECTORS / file).read_bytes()).leaves
    assert (leaf.facts.issuer_common_name, leaf.facts.is_ca) == (issuer, is_ca)


# --- Mutations ----------------------------------------------------------------------------------------------------


@cache
def seeds() -> list[bytes]:
    """Return ordinary and odd certificates in DER and PEM, and containers of them."""
    names = [
        'x509/cryptography.io.pem',
        'x509/v1_cert.pem',
        'x509/wildcard_san.pem',
        'x509/letsencryptx3.pem',
        'x509/custom/san_email_dns_ip_dirname_uri.pem',
        'x509/custom/aia_ocsp_ca_issuers.pem',
        'x509/custom/cdp_fullname_reasons_crl_issuer.pem',
        'x509/custom/all_supported_names.pem',
        'x509/ed25519/root-ed25519.pem',
        'pkcs7/isrg.pem',
        'pkcs7/amazon-roots.der',
    ]
    read_bytes = [(VECTORS / name).read_bytes() for name in names if (VECTORS / name).exists()]
    with warnings.catch_warnings(action='ignore'):
        ders = [leaf.facts.der for data in read_bytes for leaf in getattr(read(data), 'leaves', ())]
    return [*read_bytes, *ders]


@st.composite
def mutated(draw) -> bytes:
    """Return a seed with a few octets changed, removed, repeated or inserted."""
    data = bytearray(draw(st.sampled_from(seeds())))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(data) - 1)))
        length = draw(st.integers(1, 24))
        match draw(st.sampled_from(['change', 'cut', 'repeat', 'insert'])):
            case 'change':
                data[place : place + 1] = draw(st.sampled_from([b'\0', b'\xff', b'\x30', b'\x80', b'\x0c', b'\x02']))
            case 'cut':
                del data[place : place + length]
            case 'repeat':
                data[place:place] = data[place : place + length]
            case 'insert':
                data[place:place] = draw(st.binary(min_size=1, max_size=length))
    return bytes(data)


@settings(max_examples=1500, suppress_health_check=list(HealthCheck), database=None)
@given(mutated())
def test_mutations_raise_nothing_else(data):
    check(read(data))


@settings(max_examples=300, database=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
def test_random_data_raises_nothing_else(data):
    check(read(data))
