"""Parse bytes into facts: every certificate is read by this function."""

import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from ssl import PEM_cert_to_DER_cert

from cryptography.hazmat.primitives.serialization import Encoding, pkcs7

from .chains import Loaded, relate
from .errors import CertificateInputError
from .extraction import facts_of, read_parts
from .facts import CertificateFacts
from .kinds import Kind, looks_like_ca
from .lenient import split_pkcs7
from .limits import Limits
from .parts import explain
from .private_keys import find_private_key
from .refusals import count_refusal, names_refusal, private_key_refusal, refusal, size_refusal
from .text import Message, gettext_noop
from .unwrap import Part, unwrap

DEFAULT_LIMITS = Limits()

# CA certificates that are kept as read for the next input, and the largest of them in bytes
KEPT, KEPT_SIZE = 128, 8192

_PEM_END = '-----END CERTIFICATE-----'
_PEM_BLOCK = re.compile(rb'-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----')

_PRECERTIFICATE_LEFT_OUT = gettext_noop('The precertificate of “%(name)s” (RFC 6962) was omitted: hosts cannot use it.')

_SERVER_MARKED_AS_CA = gettext_noop(
    '“%(name)s” is a self-signed server certificate that is marked as a CA (CA:TRUE), as made by “openssl req -x509” '
    'and by many appliances. It is stored as the certificate of a server.'
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate of the input that may be stored, with its chain as far as the input contains it."""

    facts: CertificateFacts
    # Its issuers, nearest first, each verified to have signed the one before; without the self-signed root.
    chain: tuple[CertificateFacts, ...]
    # Those of the input, if this is its only leaf and a caller keeps no other part of it
    notes: tuple[Message, ...] = ()

    @property
    def chain_valid_to(self) -> datetime | None:
        """Return when the first link of the chain expires; None without a chain."""
        return min((link.valid_to for link in self.chain), default=None)


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """The contents of one input."""

    # At least one, in order of the input
    leaves: tuple[Leaf, ...]
    # Certificates that are not in the chain of any leaf, including further certificates of an issuer that has several.
    # They are reported, not stored.
    unrelated: tuple[CertificateFacts, ...]
    # Notes for the user about how the input was read
    notes: tuple[Message, ...]


def read_certificates(
    data: bytes | str,
    limits: Limits = DEFAULT_LIMITS,
    allow_ca: bool = False,
    include_ca: bool = False,
) -> ParsedInput:
    """
    Return the certificates in ``data``, sorted into leaves with their chains.

    Accepts PEM (RFC 7468) within any text, DER, PKCS#7, and base64 of these, in the encodings of ``decoding``. A leaf
    is a certificate that is not a CA and has not signed another one of the input. With ``allow_ca``, a CA certificate
    that has not signed another one is a leaf, too; with ``include_ca``, each is, besides being in the chains of others.

    Raises ``PrivateKeyError`` if ``data`` contains private key material, ``LimitError`` if it exceeds ``limits``, and
    their base class ``CertificateInputError`` if it cannot be read for other reasons. Raises nothing else.
    """
    _check_size(data, limits)
    form = find_private_key(data)
    if form is not None:
        raise private_key_refusal(form)
    parts = unwrap(data)
    encoded, notes = _open_all(parts, limits)
    loaded, omissions = _read_all(encoded)
    return _sort(loaded, [*notes, *omissions], limits, allow_ca, include_ca)


def read_stored(text: str, pem: str, chain_pem: str, limits: Limits = DEFAULT_LIMITS) -> Leaf | None:
    """
    Return the leaf of ``text`` if it consists of the stored certificate ``pem`` and its stored chain, with any white
    space between the lines, as in a report that a host repeats; else None.

    The result is that of ``read_certificates()`` at a third of the cost: keys were searched and signatures verified
    before the certificate was stored.
    """
    if not pem or len(text) > limits.max_input_bytes or text.split() != f'{pem}\n{chain_pem}'.split():
        return None
    blocks = [f'{block.lstrip()}{_PEM_END}' for block in text.split(_PEM_END)[:-1]]
    try:
        leaf, *chain = (_load_or_recall(PEM_cert_to_DER_cert(block)).facts for block in blocks)
        _check_leaf(leaf, limits)
    except Exception:  # the limits, or the libraries, have changed since: ``read_certificates()`` says how
        return None
    if leaf.is_ca or len(blocks) > limits.max_certificates:
        return None
    return Leaf(leaf, tuple(chain))


def first_fingerprint(data: bytes) -> str | None:
    """Return the SHA-256 fingerprint of the first certificate in PEM, without reading it; None if there is none."""
    block = _PEM_BLOCK.search(data)
    try:
        return hashlib.sha256(binascii.a2b_base64(block[1])).hexdigest().upper() if block else None
    except binascii.Error:
        return None


def _check_size(data: bytes | str, limits: Limits) -> None:
    """Raise ``LimitError`` for too much data. Text is not encoded first: a character takes at least one octet."""
    if len(data) > limits.max_input_bytes:
        raise size_refusal(limits.max_input_bytes)


def _open_all(parts: list[Part], limits: Limits) -> tuple[dict[bytes, str], list[Message]]:
    """Return the distinct certificates in ``parts``, each with its place for messages, and notes on omitted parts."""
    wanted = [part for part in parts if part.kind is not None]
    if not wanted:
        raise refusal(parts[0].code)
    if len(wanted) > limits.max_certificates:
        raise count_refusal(limits.max_certificates, len(wanted))
    notes = [
        Message('left_out', gettext_noop('%(where)s was omitted: it is not a certificate.'), where=part.where)
        for part in parts
        if part.kind is None
    ]
    found: dict[bytes, str] = {}
    for part in wanted:
        for encoded in _open(part):
            found.setdefault(encoded, part.where)
    if not found:
        raise refusal('no_certificates')
    if len(found) > limits.max_certificates:
        raise count_refusal(limits.max_certificates, len(found))
    return found, notes


def _open(part: Part) -> list[bytes]:
    """Return the certificates in ``part``."""
    if part.kind is not Kind.PKCS7:
        return [part.der]
    try:
        return [each.public_bytes(Encoding.DER) for each in pkcs7.load_der_pkcs7_certificates(part.der)]
    except Exception:  # ValueError, UnsupportedAlgorithm, …: one unreadable certificate fails the whole container
        try:
            return split_pkcs7(part.der)
        except Exception as error:
            raise refusal('unsupported_pkcs7') from error


def _read_all(found: dict[bytes, str]) -> tuple[list[Loaded], list[Message]]:
    """
    Return the certificates, and notes on CA certificates that were omitted because they cannot be read.

    Raises ``CertificateInputError`` for another that cannot be read, or if all others are CA certificates.
    """
    loaded: list[Loaded] = []
    errors: list[CertificateInputError] = []
    for encoded, where in found.items():
        try:
            loaded.append(_read(encoded, where))
        except CertificateInputError as error:
            if not looks_like_ca(encoded):
                raise
            errors.append(error)
    if errors and all(each.facts.is_ca for each in loaded):
        raise errors[0]
    return loaded, [_omission(error) for error in errors]


def _read(encoded: bytes, where: str) -> Loaded:
    try:
        return _load_or_recall(encoded)
    except CertificateInputError as error:
        raise CertificateInputError(error.code, '%(where)s: %(cause)s', where=where, cause=str(error)) from error
    except Exception as error:  # ValueError, TypeError, …: no common base class
        raise CertificateInputError(
            'unreadable',
            gettext_noop('%(where)s is not a valid certificate (%(reason)s). Copy or export it again.'),
            where=where,
            reason=explain(error),
        ) from error


def _load(encoded: bytes) -> Loaded:
    parts = read_parts(encoded)
    return Loaded(parts, facts_of(parts))


# What was read is immutable.
_recall = lru_cache(maxsize=KEPT)(_load)


def _load_or_recall(encoded: bytes) -> Loaded:
    """Load a certificate; recall a CA certificate, because those of one list, or of one night, are the same few."""
    return _recall(encoded) if len(encoded) <= KEPT_SIZE and looks_like_ca(encoded) else _load(encoded)


def _omission(error: CertificateInputError) -> Message:
    return Message('left_out', gettext_noop('Omitted: %(cause)s'), cause=str(error))


def _sort(loaded: list[Loaded], notes: list[Message], limits: Limits, allow_ca: bool, include_ca: bool) -> ParsedInput:
    """Sort into leaves, chains and the rest."""
    facts = [item.facts for item in loaded]
    relations = relate(loaded, each_ca=include_ca)
    leaves = []
    used = set()
    for head, chain in zip(relations.heads, relations.chains, strict=True):
        if facts[head].is_ca and not (allow_ca or include_ca):
            continue
        if facts[head].is_precertificate and len(relations.heads) > 1:
            notes.append(Message('left_out', _PRECERTIFICATE_LEFT_OUT, name=facts[head].name))
            used.update((head, *chain))
            continue
        _check_leaf(facts[head], limits)
        if facts[head].is_server_marked_as_ca:
            notes.append(Message('server_marked_as_ca', _SERVER_MARKED_AS_CA, name=facts[head].name))
        leaves.append(Leaf(facts[head], tuple(facts[index] for index in chain if not facts[index].is_self_signed)))
        used.update((head, *chain))
        notes += filter(None, (link.notice for link in leaves[-1].chain))
    if not leaves:
        raise _no_leaf_refusal(facts, limits)
    return ParsedInput(
        tuple(leaves),
        tuple(fact for index, fact in enumerate(facts) if index not in used),
        tuple(notes),
    )


def _check_leaf(facts: CertificateFacts, limits: Limits) -> None:
    if facts.is_acme_challenge:
        raise CertificateInputError(
            'acme_challenge',
            gettext_noop(
                '“%(name)s” is a tls-alpn-01 challenge certificate (RFC 8737), which an ACME client made for one '
                'validation. Paste the certificate that the CA issued afterwards.'
            ),
            name=facts.name,
        )
    if facts.is_precertificate:
        raise CertificateInputError(
            'precertificate',
            gettext_noop(
                '“%(name)s” is a precertificate (RFC 6962), which a CA sends to Certificate Transparency logs and no '
                'host can use. Import the certificate with the same serial number that the CA issued with it.'
            ),
            name=facts.name,
        )
    if len(facts.subject_alt_names) > limits.max_subject_alt_names:
        raise names_refusal(limits.max_subject_alt_names, len(facts.subject_alt_names), facts.name)


def _no_leaf_refusal(facts: list[CertificateFacts], limits: Limits) -> CertificateInputError:
    for fact in facts:
        if not fact.is_ca:
            _check_leaf(fact, limits)
    return CertificateInputError(
        'ca_only',
        gettext_noop(
            'The input contains only CA certificates (“%(name)s”). Paste the certificate of a host, with or without '
            'them, or include CA certificates (include_ca) to store them as certificates of their own.'
        ),
        name=facts[0].name,
    )
