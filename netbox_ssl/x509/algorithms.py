"""Names of the algorithms in a certificate. Algorithms that are not listed are shown as their dotted OID."""

# FIPS 205; RFC 9909. Keys and signatures have the same OIDs.
_SLH_DSA = {
    '2.16.840.1.101.3.4.3.20': 'SLH-DSA-SHA2-128s',
    '2.16.840.1.101.3.4.3.21': 'SLH-DSA-SHA2-128f',
    '2.16.840.1.101.3.4.3.22': 'SLH-DSA-SHA2-192s',
    '2.16.840.1.101.3.4.3.23': 'SLH-DSA-SHA2-192f',
    '2.16.840.1.101.3.4.3.24': 'SLH-DSA-SHA2-256s',
    '2.16.840.1.101.3.4.3.25': 'SLH-DSA-SHA2-256f',
    '2.16.840.1.101.3.4.3.26': 'SLH-DSA-SHAKE-128s',
    '2.16.840.1.101.3.4.3.27': 'SLH-DSA-SHAKE-128f',
    '2.16.840.1.101.3.4.3.28': 'SLH-DSA-SHAKE-192s',
    '2.16.840.1.101.3.4.3.29': 'SLH-DSA-SHAKE-192f',
    '2.16.840.1.101.3.4.3.30': 'SLH-DSA-SHAKE-256s',
    '2.16.840.1.101.3.4.3.31': 'SLH-DSA-SHAKE-256f',
}

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
    **_SLH_DSA,
    # RFC 4491 and RFC 9215
    '1.2.643.2.2.19': 'GOST R 34.10-2001',
    '1.2.643.7.1.1.1.1': 'GOST R 34.10-2012 (256 bit)',
    '1.2.643.7.1.1.1.2': 'GOST R 34.10-2012 (512 bit)',
}

# Bits of the public key, for algorithms that have only one size
FIXED_KEY_SIZES = {
    'Ed25519': 256,
    'X25519': 256,
    'Ed448': 456,
    'X448': 448,
    # FIPS 204, table 2
    'ML-DSA-44': 8 * 1312,
    'ML-DSA-65': 8 * 1952,
    'ML-DSA-87': 8 * 2592,
    # FIPS 203, table 3
    'ML-KEM-512': 8 * 800,
    'ML-KEM-768': 8 * 1184,
    'ML-KEM-1024': 8 * 1568,
    # FIPS 205, table 2: 32, 48 or 64 octets
    **{name: int(name[-4:-1]) * 2 for name in _SLH_DSA.values()},
    'GOST R 34.10-2001': 256,
    'GOST R 34.10-2012 (256 bit)': 256,
    'GOST R 34.10-2012 (512 bit)': 512,
}

# GB/T 32918.5; the key itself has the OID of ECDSA keys
SM2_CURVE = '1.2.156.10197.1.301'

# Bits of named curves: of the usual ones, whose keys need not be loaded then, and of those that ``cryptography`` does
# not know
CURVE_SIZES = {
    '1.2.840.10045.3.1.7': 256,  # prime256v1, P-256
    '1.3.132.0.34': 384,  # secp384r1, P-384
    '1.3.132.0.35': 521,  # secp521r1, P-521
    SM2_CURVE: 256,
    '1.3.132.0.6': 112,  # secp112r1
    '1.3.132.0.28': 128,  # secp128r1
    '1.3.132.0.8': 160,  # secp160r1
    '1.3.132.0.9': 160,  # secp160k1
    '1.3.132.0.31': 192,  # secp192k1
    '1.2.840.10045.3.1.1': 192,  # prime192v1
    '1.3.132.0.32': 224,  # secp224k1
    '1.3.36.3.3.2.8.1.1.3': 192,  # brainpoolP192r1
    '1.3.36.3.3.2.8.1.1.5': 224,  # brainpoolP224r1
    '1.3.36.3.3.2.8.1.1.9': 320,  # brainpoolP320r1
    '1.3.36.3.3.2.8.1.1.7': 256,  # brainpoolP256r1
    '1.3.36.3.3.2.8.1.1.11': 384,  # brainpoolP384r1
    '1.3.36.3.3.2.8.1.1.13': 512,  # brainpoolP512r1
}

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
    **_SLH_DSA,
    '1.2.156.10197.1.501': 'SM2-with-SM3',
    '1.2.643.2.2.3': 'GOST R 34.11-94 with GOST R 34.10-2001',
    '1.2.643.7.1.1.3.2': 'GOST R 34.10-2012 with GOST R 34.11-2012 (256 bit)',
    '1.2.643.7.1.1.3.3': 'GOST R 34.10-2012 with GOST R 34.11-2012 (512 bit)',
}
