"""
The structure of certificates (RFC 5280, 4.1) and of PKCS#7 (RFC 2315) for the lenient reader, ``asn1crypto``.

The definitions that come with ``asn1crypto`` also check the types of names and times; these leave them open.
"""

from asn1crypto import core


class AlgorithmIdentifier(core.Sequence):
    _fields = [('algorithm', core.ObjectIdentifier), ('parameters', core.Any, {'optional': True})]


class Attribute(core.Sequence):
    _fields = [('type', core.ObjectIdentifier), ('value', core.Any)]


class RelativeDistinguishedName(core.SetOf):
    _child_spec = Attribute


class Name(core.SequenceOf):
    _child_spec = RelativeDistinguishedName


class Validity(core.Sequence):
    _fields = [('not_before', core.Any), ('not_after', core.Any)]


class SubjectPublicKeyInfo(core.Sequence):
    _fields = [('algorithm', AlgorithmIdentifier), ('subject_public_key', core.Any)]


class Extension(core.Sequence):
    _fields = [
        ('extn_id', core.ObjectIdentifier),
        ('critical', core.Boolean, {'default': False}),
        ('extn_value', core.Any),
    ]


class Extensions(core.SequenceOf):
    _child_spec = Extension


class TBSCertificate(core.Sequence):
    _fields = [
        ('version', core.Integer, {'explicit': 0, 'default': 0}),
        ('serial_number', core.Integer),
        ('signature', AlgorithmIdentifier),
        ('issuer', Name),
        ('validity', Validity),
        ('subject', Name),
        ('subject_public_key_info', SubjectPublicKeyInfo),
        ('issuer_unique_id', core.BitString, {'implicit': 1, 'optional': True}),
        ('subject_unique_id', core.BitString, {'implicit': 2, 'optional': True}),
        ('extensions', Extensions, {'explicit': 3, 'optional': True}),
    ]


class Certificate(core.Sequence):
    _fields = [
        ('tbs_certificate', TBSCertificate),
        ('signature_algorithm', AlgorithmIdentifier),
        ('signature_value', core.Any),
    ]


class CertificateSet(core.SetOf):
    _child_spec = core.Any


class SignedData(core.Sequence):
    # The lists of revocations and signers that follow are not needed.
    _fields = [
        ('version', core.Integer),
        ('digest_algorithms', core.Any),
        ('content', core.Any),
        ('certificates', CertificateSet, {'implicit': 0, 'optional': True}),
        ('crls', CertificateSet, {'implicit': 1, 'optional': True}),
        ('signer_infos', core.Any, {'optional': True}),
    ]


class ContentInfo(core.Sequence):
    _fields = [('content_type', core.ObjectIdentifier), ('content', SignedData, {'explicit': 0})]
