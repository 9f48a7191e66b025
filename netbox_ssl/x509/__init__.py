"""Bytes in, facts out: reads X.509 certificates in every form people have them in.

Imports neither Django nor NetBox.
"""

from netbox_ssl.x509.errors import CertificateInputError, LimitError, PrivateKeyError
from netbox_ssl.x509.facts import CertificateFacts
from netbox_ssl.x509.hostnames import asked_name, canonical_name, covering_names
from netbox_ssl.x509.limits import Limits
from netbox_ssl.x509.names import lineage_key, name_key, normalize_hex
from netbox_ssl.x509.private_keys import find_private_key
from netbox_ssl.x509.reader import Leaf, ParsedInput, read_certificates
from netbox_ssl.x509.reading import read_facts
from netbox_ssl.x509.text import Message, visible

__all__ = [
    'CertificateFacts',
    'CertificateInputError',
    'Leaf',
    'LimitError',
    'Limits',
    'Message',
    'ParsedInput',
    'PrivateKeyError',
    'asked_name',
    'canonical_name',
    'covering_names',
    'find_private_key',
    'lineage_key',
    'name_key',
    'normalize_hex',
    'read_certificates',
    'read_facts',
    'visible',
]
