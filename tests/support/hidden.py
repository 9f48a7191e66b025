"""A certificate that a user may not view, with a source and an issuance that the user may view."""

from netbox_ssl.models import CertificateSource, Issuance
from tests.support.factories import grant, issue_acme
from tests.support.reporting import report

__all__ = ('HiddenCertificateMixin',)


class HiddenCertificateMixin:
    """The user may view all sources and issuances, but of the two certificates only ``seen``."""

    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        cls.seen = report('a', issue_acme('seen.example.net'), name='Seen').certificate
        cls.hidden = report(
            'b',
            issue_acme('hidden.example.net'),
            name='Secret project',
            description='merger with Example Corp',
            comments='merger with Example Corp',
        ).certificate
        cls.source, cls.hidden_source = cls.seen.sources.get(), cls.hidden.sources.get()

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', constraints={'name': 'Seen'})
        grant(self.user, 'view', 'add', 'change', 'delete', model=CertificateSource)
        grant(self.user, 'view', model=Issuance)

    def assertNothingRevealed(self, response):
        content = response.content.decode()
        for secret in ('Secret project', 'merger with Example Corp', self.hidden.get_absolute_url()):
            self.assertNotIn(secret, content)
