"""What is wrong with the encoding of a stored X.509 certificate."""

from django.utils.translation import gettext as _

from netbox_ssl.x509 import CertificateFacts, read_pem_facts

__all__ = ('EncodingMixin', 'read_stored_facts')


class EncodingMixin:
    """Answers about the column ``pem``, for a Certificate and an Issuance."""

    def encoding_warnings(self, facts: CertificateFacts | None = None) -> list[str]:
        """
        Return a warning if the encoding violates X.509.

        Args:
            facts: of an X.509 certificate that was just read; if it is this one, the PEM is not read again
        """
        if facts is None or facts.fingerprint_sha256 != self.fingerprint_sha256:
            facts = read_stored_facts(self.pem)
        notice = facts and facts.notice
        return [_(notice.template) % notice.params] if notice else []


def read_stored_facts(pem: str) -> CertificateFacts | None:
    """Return the facts of a stored PEM; None if there is none or it cannot be read."""
    if not pem:
        return None
    try:
        return read_pem_facts(pem)
    except Exception:  # perhaps another version of the libraries could read it
        return None
