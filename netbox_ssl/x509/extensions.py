"""The extensions that the inventory uses, read one at a time, so that a broken one does not affect the others."""

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography import x509

from . import der
from .dn import read_name
from .text import MAX_DN_LENGTH, visible

STEP_PROVISIONER = '1.3.6.1.4.1.37476.9000.64.1'
ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'
PRECERTIFICATE_POISON = '1.3.6.1.4.1.11129.2.4.3'
_SUBJECT_ALT_NAME = '2.5.29.17'

# Real certificates have one to four URLs; more do not help detection and only fill a page.
_MAX_URLS = 20


@dataclass(slots=True)
class ExtensionFacts:
    """The facts found; the fields correspond to those of ``CertificateFacts`` with the same names."""

    subject_alt_names: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    is_ca: bool = False
    authority_key_id: str = ''
    subject_key_id: str = ''
    aia_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    step_provisioner_type: int | None = None
    is_acme_challenge: bool = False
    is_precertificate: bool = False


def read_extensions(certificate: x509.Certificate, encoded: bytes) -> ExtensionFacts:
    """
    Return the facts in the extensions of ``certificate``, whose DER is ``encoded``.

    An extension that cannot be read is omitted. If one is repeated (forbidden by RFC 5280, 4.2), the first counts.
    """
    facts = ExtensionFacts()
    try:
        extensions = certificate.extensions
    except Exception:  # ValueError, DuplicateExtension, UnsupportedGeneralNameType, …: one bad extension fails them all
        _read_one_by_one(encoded, facts)
        return facts
    for extension in extensions:
        _read(extension, facts)
    return facts


def _read(extension: x509.Extension, facts: ExtensionFacts) -> None:
    reader = _READERS.get(extension.oid.dotted_string)
    if reader is not None:
        reader(extension, facts)


def _read_san(extension: x509.Extension, facts: ExtensionFacts) -> None:
    _store_names((_general_name(name) for name in extension.value), facts)


def _general_name(name: x509.GeneralName) -> tuple[str, str]:
    """Return kind (``dns``, ``ip`` or '') and text of a GeneralName (RFC 5280, 4.2.1.6)."""
    match name:
        case x509.DNSName():
            return 'dns', name.value.lower()
        case x509.IPAddress():
            return 'ip', str(name.value)
        case x509.DirectoryName():
            return '', f'dirName:{read_name(name.value).text}'
        case x509.RegisteredID():
            return '', f'RID:{name.value.dotted_string}'
        case x509.OtherName():
            return '', f'otherName:{name.type_id.dotted_string}'
        case _:  # rfc822Name, uniformResourceIdentifier
            return '', str(name.value)


def _store_names(names: Iterator[tuple[str, str]], facts: ExtensionFacts) -> None:
    kinds = {visible(text, MAX_DN_LENGTH): kind for kind, text in names if text}
    facts.subject_alt_names = tuple(kinds)
    facts.dns_names = tuple(text for text, kind in kinds.items() if kind == 'dns')
    facts.ip_addresses = tuple(text for text, kind in kinds.items() if kind == 'ip')


def _read_basic_constraints(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.is_ca = extension.value.ca


def _read_authority_key_id(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.authority_key_id = _key_id(extension.value.key_identifier)


def _read_subject_key_id(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.subject_key_id = _key_id(extension.value.digest)


def _key_id(octets: bytes | None) -> str:
    """Return a key ID in hex; '' if it is longer than 64 octets, the longest digest. Usually it has 20."""
    return octets.hex().upper() if octets and len(octets) <= 64 else ''


def _read_authority_info(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.aia_urls = _urls(description.access_location for description in extension.value)


def _read_crl_points(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.crl_urls = _urls(name for point in extension.value for name in point.full_name or ())


def _urls(names: Iterator[x509.GeneralName]) -> tuple[str, ...]:
    urls = {
        visible(name.value, MAX_DN_LENGTH): None for name in names if isinstance(name, x509.UniformResourceIdentifier)
    }
    return tuple(urls)[:_MAX_URLS]


def _read_step_provisioner(extension: x509.Extension, facts: ExtensionFacts) -> None:
    """Read SEQUENCE { type INTEGER, name OCTET STRING, credentialID OCTET STRING, … }."""
    data = extension.value.value
    try:
        kind = next(der.children(data, der.read_element(data)))
    except (der.DerError, StopIteration):
        return
    if kind.tag == der.INTEGER and kind.end - kind.body == 1:
        facts.step_provisioner_type = data[kind.body]


def _read_acme_identifier(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.is_acme_challenge = extension.critical


def _read_precertificate_poison(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.is_precertificate = extension.critical


_READERS: dict[str, Callable[[x509.Extension, ExtensionFacts], None]] = {
    _SUBJECT_ALT_NAME: _read_san,
    '2.5.29.19': _read_basic_constraints,
    '2.5.29.35': _read_authority_key_id,
    '2.5.29.14': _read_subject_key_id,
    '1.3.6.1.5.5.7.1.1': _read_authority_info,
    '2.5.29.31': _read_crl_points,
    STEP_PROVISIONER: _read_step_provisioner,
    ACME_IDENTIFIER: _read_acme_identifier,
    PRECERTIFICATE_POISON: _read_precertificate_poison,
}


def _read_one_by_one(encoded: bytes, facts: ExtensionFacts) -> None:
    """
    Read each extension of interest separately, from a copy of the certificate without the others.

    The signature of the copy is wrong, but it is not verified.
    """
    seen = set()
    for oid, single, value in _split_extensions(encoded):
        if oid not in _READERS or oid in seen:
            continue
        seen.add(oid)
        try:
            _read(next(iter(x509.load_der_x509_certificate(single).extensions)), facts)
        except Exception:  # see read_extensions(); this extension is skipped
            if oid == _SUBJECT_ALT_NAME:
                _store_names(_lenient_names(value), facts)


def _split_extensions(encoded: bytes) -> Iterator[tuple[str, bytes, bytes]]:
    """Yield for each extension its OID, the certificate with this extension alone, and the extension's value."""
    try:
        signed, *signature = der.children(encoded, der.read_element(encoded))
        *fields, wrapper = der.children(encoded, signed)
        if wrapper.tag != der.context(3):
            return
        before = encoded[signed.body : wrapper.start]
        after = encoded[signature[0].start :]
        for extension in der.children(encoded, der.read_element(encoded, wrapper.body)):
            oid, *_, value = der.children(encoded, extension)
            lone = der.encode(der.SEQUENCE, encoded[extension.start : extension.end])
            body = der.encode(der.SEQUENCE, before + der.encode(der.context(3), lone))
            single = der.encode(der.SEQUENCE, body + after)
            yield der.decode_oid(encoded[oid.body : oid.end]), single, encoded[value.body : value.end]
    except (ValueError, IndexError):  # DerError, or fewer parts than expected: stop here
        return


def _lenient_names(value: bytes) -> Iterator[tuple[str, str]]:
    """
    Yield the host names, e-mail addresses and URIs of a SubjectAltName that violates RFC 5280, 4.2.1.6.

    Seen in the wild: UTF-8 instead of IA5String, and IP addresses written as text. Names that cannot be read are
    omitted.
    """
    try:
        for name in der.children(value, der.read_element(value)):
            text = value[name.body : name.end].decode('utf-8', 'backslashreplace')
            if name.tag == der.context(2, constructed=False):
                yield 'dns', text.lower()
            elif name.tag in (der.context(1, constructed=False), der.context(6, constructed=False)):
                yield '', text
            elif name.tag == der.context(7, constructed=False):
                yield from _lenient_address(value[name.body : name.end])
    except der.DerError:
        return


def _lenient_address(octets: bytes) -> Iterator[tuple[str, str]]:
    try:
        packed: bytes | str = octets if len(octets) in (4, 16) else octets.decode('ascii')
        yield 'ip', str(ipaddress.ip_address(packed))
    except ValueError:
        return
