"""A certificate that sources reported, but none does any more: it is said once, and shown until it is over."""

from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from icalendar import Calendar
from utilities.testing import TestCase as ViewTestCase

from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.places.deployment import attach_deployments, unreported_q
from tests.support.factories import import_pem, issue_acme, successor, superuser
from tests.support.reporting import report, source_of


class UnreportedTestCase(TestCase):
    def setUp(self):
        self.issued = issue_acme('a.example.net')
        self.certificate = report('web01', self.issued).certificate

    def since(self, certificate=None):
        return Certificate.objects.get(pk=(certificate or self.certificate).pk).unreported_since

    def move(self):
        """Let the only source report another certificate."""
        return report('web01', issue_acme('b.example.net'))

    def test_its_last_source_moves_to_another_certificate(self):
        self.assertIsNone(self.since())
        result = self.move()
        self.assertIn(f'(ID {self.certificate.pk}) is no longer reported', ' '.join(result.warnings))
        self.assertIsNotNone(self.since())
        self.assertIsNone(self.since(result.certificate))

    def test_another_source_still_reports_it(self):
        report('web02', self.issued, 'copy')
        result = self.move()
        self.assertNotIn('no longer reported', ' '.join(result.warnings))
        self.assertIsNone(self.since())

    def test_the_source_of_another_certificate_has_it(self):
        """A copy with something unexpected has the certificate of its own that this makes."""
        report('web02', self.issued, 'copy')
        other = report('web02', successor(self.issued), 'copy').certificate
        self.assertIsNone(self.since(other))

    def test_it_is_reported_again(self):
        self.move()
        report('web01', self.issued)
        self.assertIsNone(self.since())

    def test_its_last_source_is_gone_and_comes_back(self):
        source = source_of('web01')
        source.mark_gone(timezone.now())
        self.assertIsNotNone(self.since())
        source.mark_back()
        self.assertIsNone(self.since())

    def test_a_person_assigns_the_source_to_another_certificate(self):
        source, other = source_of('web01'), import_pem(issue_acme('b.example.net')).certificate
        source.certificate = other
        source.save()
        # It still reports the X.509 certificate of the first one.
        self.assertIsNone(self.since())
        report('web01', successor(issue_acme('b.example.net')))
        self.assertIsNotNone(self.since())

    def test_a_person_renews_it(self):
        self.move()
        import_pem(successor(self.issued), certificate=self.certificate)
        self.assertIsNone(self.since())

    def test_a_save_does_not_change_it(self):
        stale = Certificate.objects.get(pk=self.certificate.pk)
        self.move()
        stale.description = 'changed'
        stale.save()
        self.assertIsNotNone(self.since())

    def test_a_certificate_that_no_source_ever_reported(self):
        certificate = import_pem(issue_acme('c.example.net')).certificate
        self.assertIsNone(self.since(certificate))

    def test_it_is_shown_while_it_is_active(self):
        self.move()
        for status, shown in (('active', True), ('retired', False)):
            Certificate.objects.filter(pk=self.certificate.pk).update(status=status)
            certificate = Certificate.objects.get(pk=self.certificate.pk)
            attach_deployments([certificate], timezone.now(), superuser())
            self.assertEqual(bool(certificate.deployment), shown)
            self.assertEqual(list(Certificate.objects.filter(unreported_q())), [certificate] if shown else [])
        Certificate.objects.update(status='active')
        certificate = Certificate.objects.get(pk=self.certificate.pk)
        attach_deployments([certificate], timezone.now(), superuser())
        self.assertTrue(certificate.deployment.is_bad)
        self.assertEqual(certificate.deployment.label, f'Not reported since {timezone.now():%Y-%m-%d}')


class UnreportedPagesTestCase(ViewTestCase):
    def setUp(self):
        super().setUp()
        self.user.is_superuser = True
        self.user.save()
        issued = issue_acme('a.example.net')
        self.certificate = report('web01', issued).certificate
        CertificateSource.objects.get().mark_gone(timezone.now())

    def test_pages_and_filters(self):
        other = report('web02', issue_acme('b.example.net')).certificate
        list_url = reverse('plugins:netbox_ssl:certificate_list')
        for url in (self.certificate.get_absolute_url(), list_url):
            self.assertContains(self.client.get(url), 'Not reported since')
        self.assertNotContains(self.client.get(other.get_absolute_url()), 'Not reported since')
        feed = Calendar.from_ical(self.client.get('/plugins/ssl/renewals.ics', {'event': 'expiry'}).content)
        titles = {str(event['summary']) for event in feed.walk('VEVENT')}
        since = f'{timezone.now():%Y-%m-%d}'
        self.assertEqual(
            titles,
            {f'a.example.net: certificate expires (Not reported since {since})', 'b.example.net: certificate expires'},
        )
        api = reverse('plugins-api:netbox_ssl-api:certificate-list')
        for value, expected in (('true', self.certificate), ('false', other)):
            found = self.client.get(f'{api}?unreported={value}').json()['results']
            self.assertEqual([each['id'] for each in found], [expected.pk])
        self.assertIsNotNone(self.client.get(f'{api}?unreported=true').json()['results'][0]['unreported_since'])
