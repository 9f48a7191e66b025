"""Verify which certificate signed which."""

from cryptography.hazmat.primitives.asymmetric import dsa, ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from .carrier import carry_signature_algorithm
from .parts import LenientSignature, Parts, StrictSignature


def is_signed_by(parts: Parts, issuer: Parts) -> bool:
    """
    Return whether ``issuer`` has the issuer's name of ``parts`` and its key verifies the signature of ``parts``.

    A signature that cannot be verified (unknown algorithm, unreadable key) counts as not signed.
    """
    signature, its_signature = parts.signature, issuer.signature
    try:
        if isinstance(signature, StrictSignature) and isinstance(its_signature, StrictSignature):
            signature.certificate.verify_directly_issued_by(its_signature.certificate)
            return True
        if parts.issuer != issuer.subject:
            return False
        _verify(signature, load_der_public_key(issuer.public_key_info))
    except Exception:  # ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, and errors of decoding
        return False
    return True


def _verify(signature: StrictSignature | LenientSignature, key) -> None:
    """Raise ``InvalidSignature`` or any other exception unless the key verifies the signature."""
    if isinstance(signature, StrictSignature):
        certificate = signature.certificate
        signed, value = certificate.tbs_certificate_bytes, certificate.signature
    else:
        certificate = carry_signature_algorithm(signature.algorithm)
        signed, value = signature.signed, signature.value
    match key:
        case rsa.RSAPublicKey():
            parameters, digest = certificate.signature_algorithm_parameters, certificate.signature_hash_algorithm
            key.verify(value, signed, parameters, digest)
        case ec.EllipticCurvePublicKey():
            key.verify(value, signed, certificate.signature_algorithm_parameters)
        case dsa.DSAPublicKey():
            key.verify(value, signed, certificate.signature_hash_algorithm)
        case _:  # Ed25519, Ed448, ML-DSA: the algorithm fixes everything
            key.verify(value, signed)
