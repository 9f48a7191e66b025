"""Assertions about which certificate the report of a host belongs to."""

from functools import cache

from django.test import TestCase

from netbox_ssl.models import Certificate, Issuance
from tests.support.certificate_factory import make_ca
from tests.support.reporting import source_of

__all__ = ('IdentityTestCase', 'staging')


@cache
def staging():
    """Return the staging CA of Let's Encrypt."""
    return make_ca("(STAGING) Let's Encrypt", '(STAGING) Wannabe Watercress R11')


class IdentityTestCase(TestCase):
    def assertHas(self, host, certificate, issued, kind='client'):
        """Assert that the source of ``host`` belongs to ``certificate`` and has ``issued``."""
        source = source_of(host, kind)
        self.assertEqual((source.certificate, source.issuance.pem), (certificate, issued.pem))

    def assertCurrent(self, certificate, issued):
        certificate.refresh_from_db()
        self.assertEqual(certificate.pem, issued.pem)

    def assertOnce(self):
        """Assert that no X.509 certificate belongs to two certificates, and each current one is in its history."""
        for certificate in Certificate.objects.exclude(pem=''):
            issuance = Issuance.objects.get(fingerprint_sha256=certificate.fingerprint_sha256)
            self.assertEqual(issuance.certificate, certificate)
