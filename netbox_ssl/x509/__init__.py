"""
Read X.509 certificates from any usual form: bytes in, facts out.

Imports neither Django nor NetBox.

 an input, and what is found in it
    parsing.py            bytes in, facts out
    limits.py             how much it may contain
    unwrap.py, decoding.py, pem.py, der.py, kinds.py
                          its form: PEM, DER, PKCS#7, base64, text
    chains.py             leaves, and the chain of each
    private_keys/         why it is refused
    errors.py, refusals.py, text.py
                          errors, with reasons that callers can translate
 one certificate
    facts.py              what is stored of it
    extraction.py         its facts, read by ``cryptography``
    lenient.py, asn1/     the same by ``asn1crypto``, if that refuses it
    parts.py              its parts, whichever library read them
    extensions.py, alternative_names.py, dn.py, keys.py, algorithms.py, moments.py
                          each of them
    carrier.py            a part alone for ``cryptography``
    signatures.py         which one signed which
 names
    hostnames.py          which names cover a host
    lineage.py            the forms in which texts are looked up
"""

from .alternative_names import canonical_name, has_label, split_names
from .dn import common_name_in
from .errors import CertificateInputError, LimitError, PrivateKeyError
from .extraction import read_chain, read_facts, read_parts, read_pem_facts
from .facts import CertificateFacts
from .hostnames import asked_name, canonical_address, canonical_host, covering_names
from .limits import Limits
from .lineage import hex_digits, lineage_key, name_key, normalize_hex
from .parsing import Leaf, ParsedInput, first_fingerprint, read_certificates, read_stored
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
    'canonical_address',
    'canonical_host',
    'canonical_name',
    'common_name_in',
    'covering_names',
    'find_private_key',
    'first_fingerprint',
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
    'read_stored',
    'split_names',
    'visible',
]
