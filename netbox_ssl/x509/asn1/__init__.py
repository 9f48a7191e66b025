"""
Parts of certificates that violate X.690 or RFC 5280, read with ``asn1crypto``.

    schema.py             the structure of certificates and PKCS#7, as lenient as OpenSSL's
    ber.py                strings in BER
    repair.py             extensions in BER, encoded again as DER
    names.py              distinguished names
    alternative_names.py  subject alternative names
"""
