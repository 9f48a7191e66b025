"""
Read X.509 certificates from any usual form: bytes in, facts out.

Imports neither Django nor NetBox.
"""

from .errors import CertificateInputError, LimitError, PrivateKeyError
from .extraction import read_facts
from .facts import CertificateFacts
from .hostnames import asked_name, canonical_name, covering_names
from .limits import Limits
from .lineage import lineage_key, name_key, normalize_hex
from .parsing import Leaf, ParsedInput, read_certificates
from .private_keys import find_private_key
from .text import Message, visible

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
