"""The extensions that the inventory uses, read one at a time, so that a broken one does not affect the others."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from . import der
from .alternative_names import canonical_name
from .asn1.alternative_names import read_lenient_names
from .asn1.repair import repair_extension
from .carrier import carry_extension
from .dn import read_name
from .text import MAX_DN_LENGTH, visible, visible_name

STEP_PROVISIONER = '1.3.6.1.4.1.37476.9000.64.1'
ACME_IDENTIFIER = '1.3.6.1.5.5.7.1.31'
PRECERTIFICATE_POISON = '1.3.6.1.4.1.11129.2.4.3'
_SUBJECT_ALT_NAME = '2.5.29.17'

# DNS names that are converted to A-labels; sound certificates have none. Each costs time.
_MAX_UNCOMMON = 1000

# Real certificates have one to four URLs; more do not help detection and only fill a page.
_MAX_URLS = 20


@dataclass(slots=True)
class ExtensionFacts:
    """The facts found; those that ``CertificateFacts`` also has have the same names."""

    subject_alt_names: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    ip_addresses: tuple[str, ...] = ()
    has_ca_constraint: bool = False
    # None without the extension
    may_sign_certificates: bool | None = None
    is_for_servers: bool = False
    authority_key_id: str = ''
    subject_key_id: str = ''
    aia_urls: tuple[str, ...] = ()
    crl_urls: tuple[str, ...] = ()
    step_provisioner_type: int | None = None
    is_acme_challenge: bool = False
    is_precertificate: bool = False
    # What is wrong with the extensions: phrases for a sentence
    violations: list[str] = field(default_factory=list)


class RawExtension(NamedTuple):
    """An extension (RFC 5280, 4.1) with its value as octets."""

    # Dotted, and as DER
    oid: str
    oid_der: bytes
    critical: bool
    value: bytes


def read_extensions(certificate: x509.Certificate, encoded: bytes) -> ExtensionFacts:
    """
    Return the facts in the extensions of ``certificate``, whose DER is ``encoded``.

    An extension that cannot be read is omitted. If one is repeated (forbidden by RFC 5280, 4.2), the first counts.
    """
    try:
        extensions = certificate.extensions
    except Exception:  # ValueError, DuplicateExtension, UnsupportedGeneralNameType, …: one bad extension fails them all
        return read_raw_extensions(_split_extensions(encoded))
    facts = ExtensionFacts()
    for extension in extensions:
        _read(extension, facts)
    return facts


def read_raw_extensions(extensions: Iterable[RawExtension]) -> ExtensionFacts:
    """Return the facts like ``read_extensions()``, reading each extension of interest separately."""
    facts = ExtensionFacts()
    seen = set()
    for extension in extensions:
        if (name := _NAMES.get(extension.oid)) is None:
            continue
        if extension.oid in seen:
            facts.violations.append(f'the extension {name} occurs more than once')
            continue
        seen.add(extension.oid)
        _read_raw(extension, name, facts)
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
            return '', canonical_name(str(name.value))


def _store_names(names: Iterator[tuple[str, str]], facts: ExtensionFacts) -> None:
    kinds = {}
    uncommon = []
    for kind, text in names:
        if kind == 'dns' and (rule := _uncommon(text)):
            uncommon.append((text, rule))
            text = canonical_name(text) if len(uncommon) <= _MAX_UNCOMMON else text.strip()
        if text:
            kinds[visible_name(text)] = kind
    if uncommon:
        text, rule = uncommon[0]
        facts.violations.append(f'the DNS name “{visible(text)}” {rule}')
    facts.subject_alt_names = tuple(kinds)
    facts.dns_names = tuple(text for text, kind in kinds.items() if kind == 'dns')
    facts.ip_addresses = tuple(text for text, kind in kinds.items() if kind == 'ip')


def _uncommon(name: str) -> str:
    """Return what makes a DNS name differ from its usual spelling, or ''."""
    if name != name.strip():
        return 'is surrounded by white space'
    if name.endswith('.'):
        return 'ends in a dot'
    return '' if name.isascii() else 'is not written in A-labels (xn--…)'


def _read_basic_constraints(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.has_ca_constraint = extension.value.ca


def _read_key_usage(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.may_sign_certificates = extension.value.key_cert_sign


def _read_extended_key_usage(extension: x509.Extension, facts: ExtensionFacts) -> None:
    facts.is_for_servers = ExtendedKeyUsageOID.SERVER_AUTH in extension.value


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
    '2.5.29.15': _read_key_usage,
    '2.5.29.19': _read_basic_constraints,
    '2.5.29.37': _read_extended_key_usage,
    '2.5.29.35': _read_authority_key_id,
    '2.5.29.14': _read_subject_key_id,
    '1.3.6.1.5.5.7.1.1': _read_authority_info,
    '2.5.29.31': _read_crl_points,
    STEP_PROVISIONER: _read_step_provisioner,
    ACME_IDENTIFIER: _read_acme_identifier,
    PRECERTIFICATE_POISON: _read_precertificate_poison,
}


# The extensions of interest, as in RFC 5280 and its successors
_NAMES = {
    _SUBJECT_ALT_NAME: 'subjectAltName',
    '2.5.29.15': 'keyUsage',
    '2.5.29.19': 'basicConstraints',
    '2.5.29.37': 'extKeyUsage',
    '2.5.29.35': 'authorityKeyIdentifier',
    '2.5.29.14': 'subjectKeyIdentifier',
    '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
    '2.5.29.31': 'cRLDistributionPoints',
    STEP_PROVISIONER: STEP_PROVISIONER,
    ACME_IDENTIFIER: 'acmeIdentifier',
    PRECERTIFICATE_POISON: PRECERTIFICATE_POISON,
}


def _read_raw(extension: RawExtension, name: str, facts: ExtensionFacts) -> None:
    if _read_alone(extension, facts):
        return
    if extension.oid == _SUBJECT_ALT_NAME:
        _store_names(read_lenient_names(extension.value, facts.violations), facts)
        return
    repaired = repair_extension(extension.oid, extension.value)
    if repaired is not None and _read_alone(extension._replace(value=repaired), facts):
        facts.violations.append(f'the extension {name} is malformed')
    else:
        facts.violations.append(f'the extension {name} is malformed and was ignored')


def _read_alone(extension: RawExtension, facts: ExtensionFacts) -> bool:
    """Return whether ``cryptography`` could read the extension."""
    try:
        _read(carry_extension(extension.oid_der, extension.critical, extension.value), facts)
    except Exception:  # see read_extensions()
        return False
    return True


def _split_extensions(encoded: bytes) -> Iterator[RawExtension]:
    """Yield the extensions of a certificate in DER."""
    try:
        signed = next(der.children(encoded, der.read_element(encoded)))
        *_, wrapper = der.children(encoded, signed)
        if wrapper.tag != der.context(3):
            return
        for extension in der.children(encoded, der.read_element(encoded, wrapper.body)):
            oid, *flag, value = der.children(encoded, extension)
            yield RawExtension(
                der.decode_oid(encoded[oid.body : oid.end]),
                encoded[oid.start : oid.end],
                any(encoded[each.body : each.end] != b'\0' for each in flag),
                encoded[value.body : value.end],
            )
    except (ValueError, IndexError):  # DerError, or fewer parts than expected: stop here
        return
