"""
Read X.509 certificates from any usual form: bytes in, facts out.

Imports neither Django nor NetBox.
"""

from .alternative_names import canonical_name, has_label, split_names
from .dn import common_name_in
from .errors import CertificateInputError, LimitError, PrivateKeyError
from .extraction import read_chain, read_facts, read_parts, read_pem_facts
from .facts import CertificateFacts
from .hostnames import asked_name, covering_names
from .limits import Limits
from .lineage import hex_digits, lineage_key, name_key, normalize_hex
from .parsing import Leaf, ParsedInput, read_certificates
from .private_keys import find_private_key
from .text import MAX_SAN_OCTETS, Message, fits_index, visible

__all__ = [
    'MAX_SAN_OCTETS',
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
    'common_name_in',
    'covering_names',
    'find_private_key',
    'fits_index',
    'has_label',
    'hex_digits',
    'lineage_key',
    'name_key',
    'normalize_hex',
    'read_certificates',
    'read_chain',
    'read_facts',
    'read_parts',
    'read_pem_facts',
    'split_names',
    'visible',
]
