"""
Read certificates that violate X.690 or RFC 5280, but that OpenSSL and most other programs read, with ``asn1crypto``.

``cryptography`` reads every certificate first; this reads what it refuses.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from asn1crypto import core, parser

from . import der
from .asn1.ber import bit_string_octets, is_constructed, string_octets
from .asn1.names import read_lenient_name
from .asn1.schema import AlgorithmIdentifier, Certificate, ContentInfo, SubjectPublicKeyInfo, TBSCertificate
from .errors import UnreadableError
from .extensions import RawExtension, read_raw_extensions
from .parts import LenientSignature, Parts, essential
from .text import gettext_noop, visible

# It is written in Python; a sound certificate is 40 times smaller.
_MAX_BYTES = 256 * 1024
_MAX_EXTENSIONS = 200

# Algorithms of which the parameters must be absent: DSA and ECDSA (RFC 5758, 3), EdDSA (RFC 8410, 3), and the others of
# NIST except RSA with SHA-3
_WITHOUT_PARAMETERS = re.compile(
    r'1\.2\.840\.10040\.4\.3|1\.2\.840\.10045\.4\..*|1\.3\.101\.11[0-3]'
    r'|2\.16\.840\.1\.101\.3\.4\.3\.(?:[1-9]|1[0-27-9]|[2-4][0-9])'
)
_NULL = b'\5\0'

_UTC_TIME = 23
_LOCAL_TIME = re.compile(rb'\d{10}(?:\d\d)?')
_TIMES = {_UTC_TIME: (core.UTCTime, re.compile(rb'\d{12}Z')), 24: (core.GeneralizedTime, re.compile(rb'\d{14}Z'))}


def read_leniently(encoded: bytes) -> Parts:
    """
    Return the parts of a certificate in BER.

    Raises ``CertificateInputError`` for a part that cannot be read either, any other exception if it is not a
    certificate at all.
    """
    if len(encoded) > _MAX_BYTES:
        raise UnreadableError(f'malformed DER of more than {_MAX_BYTES} bytes')
    certificate = Certificate.load(encoded)
    signed = certificate['tbs_certificate']
    for part in (certificate, signed):
        len(part)  # parses the fields, so that what is not a certificate fails here
    violations: list[str] = []
    _check_version(signed, violations)
    algorithm = _read_algorithm(certificate['signature_algorithm'])
    if certificate['signature_algorithm'].dump() != signed['signature'].dump():
        violations.append('its signature algorithm is not the one in its signed part')
    elif certificate['signature_algorithm'].dump() != algorithm:
        violations.append('its signature algorithm has parameters that must be absent')
    subject = essential(gettext_noop('subject'), lambda: read_lenient_name(signed['subject'], violations, 'subject'))
    issuer = essential(gettext_noop('issuer'), lambda: read_lenient_name(signed['issuer'], violations, 'issuer'))
    validity = signed['validity']
    times = [
        essential(gettext_noop('validity'), lambda name=name: _read_time(validity[name].dump(), violations))
        for name in ('not_before', 'not_after')
    ]
    extensions = read_raw_extensions(_raw_extensions(signed, violations))
    return Parts(
        encoded=encoded,
        subject=subject,
        issuer=issuer,
        serial_number=essential(gettext_noop('serial number'), lambda: signed['serial_number'].native),
        valid_from=times[0],
        valid_to=times[1],
        public_key_info=essential(gettext_noop('public key'), lambda: _read_key(signed['subject_public_key_info'])),
        signature_algorithm=certificate['signature_algorithm']['algorithm'].dotted,
        extensions=extensions,
        signature=LenientSignature(
            signed=_first_element(encoded),
            algorithm=algorithm,
            value=bit_string_octets(certificate['signature_value'].dump()),
        ),
        violations=tuple(dict.fromkeys(violations)) or _check_encoding(encoded),
    )


def _check_encoding(encoded: bytes) -> tuple[str, ...]:
    """Return what is wrong if nothing else was found: a form of BER, or nothing that is known here."""
    return ('it is not encoded as DER',) if Certificate.load(encoded).dump(force=True) != encoded else ()


def _check_version(signed: TBSCertificate, violations: list[str]) -> None:
    version, has_extensions = signed['version'].native, isinstance(signed['extensions'], core.SequenceOf)
    if not 0 <= version <= 2:
        violations.append(f'its version is {version + 1}')
    elif has_extensions and version != 2:
        violations.append(f'it has extensions although its version is {version + 1}')


def _read_algorithm(algorithm: AlgorithmIdentifier) -> bytes:
    """Return the AlgorithmIdentifier in DER, without parameters that must be absent."""
    parameters = algorithm['parameters'].dump()
    if _WITHOUT_PARAMETERS.fullmatch(algorithm['algorithm'].dotted) and parameters == _NULL:
        parameters = b''
    return der.encode(der.SEQUENCE, algorithm['algorithm'].dump() + parameters)


def _read_key(info: SubjectPublicKeyInfo) -> bytes:
    key = bit_string_octets(info['subject_public_key'].dump())
    algorithm = info['algorithm']
    return der.encode(
        der.SEQUENCE,
        der.encode(der.SEQUENCE, algorithm['algorithm'].dump() + algorithm['parameters'].dump())
        + der.encode(der.BIT_STRING, b'\0' + key),
    )


def _read_time(encoded: bytes, violations: list[str]) -> datetime:
    _, _, tag, _, content, _ = parser.parse(encoded)
    if tag not in _TIMES:
        raise UnreadableError('not a time')
    specification, form = _TIMES[tag]
    if tag == _UTC_TIME and _LOCAL_TIME.fullmatch(content):
        # asn1crypto reads local time in GeneralizedTime only.
        encoded = bytes((tag, len(content) + 1)) + content + b'Z'
    try:
        moment = specification.load(encoded).native
        # Local time, which nobody outside the CA knows, is taken for UTC.
        moment = datetime.astimezone(moment if moment.tzinfo else moment.replace(tzinfo=UTC), UTC)
    except Exception as error:  # ValueError, OverflowError, TypeError for the year 0
        raise UnreadableError(f'“{visible(content.decode("latin-1"))}” is not a time') from error
    if not form.fullmatch(content):
        violations.append('its validity is not given in whole seconds of UTC')
    return moment.replace(microsecond=0)


def _raw_extensions(signed: TBSCertificate, violations: list[str]) -> Iterator[RawExtension]:
    extensions = signed['extensions']
    if not isinstance(extensions, core.SequenceOf):
        return
    if len(extensions) > _MAX_EXTENSIONS:
        raise UnreadableError(f'more than {_MAX_EXTENSIONS} extensions')
    for extension in extensions:
        try:
            oid, critical = extension['extn_id'], extension['critical'].native
            raw = RawExtension(oid.dotted, oid.dump(), critical, string_octets(extension['extn_value'].dump()))
        except Exception:  # see essential(); the others are still useful
            violations.append('one of its extensions is malformed and was ignored')
            continue
        if is_constructed(extension['extn_value'].dump()):
            violations.append('the value of an extension is in several pieces')
        if _is_odd_flag(extension):
            violations.append('the critical flag of an extension is not encoded as DER')
        yield raw


def _is_odd_flag(extension) -> bool:
    """Return whether ``critical`` is explicitly FALSE, or TRUE in another form than FF (X.690, 11.1 and 11.5)."""
    after = extension.contents[len(extension['extn_id'].dump()) :]
    return after[:1] == b'\1' and after[:3] != b'\1\1\xff'


def _first_element(encoded: bytes) -> bytes:
    """Return the first element in ``encoded`` as it was received. ``dump()`` would encode indefinite lengths again."""
    content = parser.parse(encoded)[4]
    *_, header, body, trailer = parser.parse(content)
    return header + body + trailer


def split_pkcs7(encoded: bytes) -> list[bytes]:
    """Return the certificates in a PKCS#7 container in BER. Raises any exception of ``asn1crypto``."""
    certificates = ContentInfo.load(encoded)['content']['certificates']
    return [certificate.dump() for certificate in certificates] if len(certificates) else []
