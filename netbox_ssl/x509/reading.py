"""From a loaded certificate to its facts."""

from cryptography import x509

from netbox_ssl.x509.facts import CertificateFacts


def read_facts(cert: x509.Certificate) -> CertificateFacts:
    raise NotImplementedError
