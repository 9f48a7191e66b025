"""Names of the algorithms in a certificate. Algorithms that are not listed are shown as their dotted OID."""

KEY_ALGORITHMS = {
    '1.2.840.113549.1.1.1': 'RSA',
    '1.2.840.113549.1.1.10': 'RSA',  # RSASSA-PSS: an RSA key that may be used in one way only
    '1.2.840.10040.4.1': 'DSA',
    '1.2.840.10045.2.1': 'ECDSA',
    '1.2.840.10046.2.1': 'DH',
    '1.3.101.110': 'X25519',
    '1.3.101.111': 'X448',
    '1.3.101.112': 'Ed25519',
    '1.3.101.113': 'Ed448',
    '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
    '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
    '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
    '2.16.840.1.101.3.4.4.1': 'ML-KEM-512',
    '2.16.840.1.101.3.4.4.2': 'ML-KEM-768',
    '2.16.840.1.101.3.4.4.3': 'ML-KEM-1024',
}

FIXED_KEY_SIZES = {'Ed25519': 256, 'X25519': 256, 'Ed448': 456, 'X448': 448}
"""Bits, for algorithms whose key objects name no size because there is only one."""

SIGNATURE_ALGORITHMS = {
    '1.2.840.113549.1.1.2': 'md2WithRSAEncryption',
    '1.2.840.113549.1.1.3': 'md4WithRSAEncryption',
    '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
    '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
    '1.3.14.3.2.29': 'sha1WithRSA',
    '1.2.840.113549.1.1.10': 'rsassaPss',
    '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
    '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
    '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
    '1.2.840.113549.1.1.14': 'sha224WithRSAEncryption',
    '2.16.840.1.101.3.4.3.13': 'RSA-SHA3-224',
    '2.16.840.1.101.3.4.3.14': 'RSA-SHA3-256',
    '2.16.840.1.101.3.4.3.15': 'RSA-SHA3-384',
    '2.16.840.1.101.3.4.3.16': 'RSA-SHA3-512',
    '1.2.840.10045.4.1': 'ecdsa-with-SHA1',
    '1.2.840.10045.4.3.1': 'ecdsa-with-SHA224',
    '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
    '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
    '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
    '2.16.840.1.101.3.4.3.9': 'ecdsa_with_SHA3-224',
    '2.16.840.1.101.3.4.3.10': 'ecdsa_with_SHA3-256',
    '2.16.840.1.101.3.4.3.11': 'ecdsa_with_SHA3-384',
    '2.16.840.1.101.3.4.3.12': 'ecdsa_with_SHA3-512',
    '1.2.840.10040.4.3': 'dsaWithSHA1',
    '2.16.840.1.101.3.4.3.1': 'dsa_with_SHA224',
    '2.16.840.1.101.3.4.3.2': 'dsa_with_SHA256',
    '2.16.840.1.101.3.4.3.3': 'dsa_with_SHA384',
    '2.16.840.1.101.3.4.3.4': 'dsa_with_SHA512',
    '1.3.101.112': 'ED25519',
    '1.3.101.113': 'ED448',
    '2.16.840.1.101.3.4.3.17': 'ML-DSA-44',
    '2.16.840.1.101.3.4.3.18': 'ML-DSA-65',
    '2.16.840.1.101.3.4.3.19': 'ML-DSA-87',
}
