"""A series for each certificate: what Prometheus scrapes, with which labels, and for whom."""

from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from tenancy.models import Tenant
from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.reports.certificate_metrics import CertificateCollector
from tests.support.certificate_factory import make_ca, make_root
from tests.support.factories import DAY, end_chain, grant, import_pem, issue_acme, record, successor
from tests.support.reporting import report

# The header that Prometheus sends
PROMETHEUS = 'application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'


def parse(text: str) -> dict[str, list]:
    """Return metric → samples, as Prometheus reads them."""
    return {family.name: family.samples for family in text_string_to_metric_families(text)}


class EndpointTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse('plugins-api:netbox_ssl-api:certificate-metrics')

    def scrape(self, code=200, **parameters):
        response = self.client.get(self.url, parameters, HTTP_ACCEPT=PROMETHEUS, **self.header)
        self.assertHttpStatus(response, code)
        return parse(response.content.decode()) if code == 200 else response

    def names(self, **parameters) -> list[str]:
        return [sample.labels['name'] for sample in self.scrape(**parameters).get('x509_cert_not_after', ())]

    def test_values_and_labels(self):
        grant(self.user, 'view')
        ca = make_ca('Example Corp', 'Example CA, East', issuer=make_root('Example Corp', 'Example Root'))
        issued = issue_acme(ca=ca, serial_number=0xBEEF)
        tenant = Tenant.objects.create(name='Shop "A"', slug='shop')
        certificate = import_pem(issued, is_acme=True, acme_provider='Private', tenant=tenant).certificate
        found = self.scrape()
        labels = {
            'serial_number': '48879',
            'subject_CN': 'www.example.net',
            'issuer_CN': 'Example CA, East',
            'id': str(certificate.pk),
            'name': 'www.example.net',
            'tenant': 'Shop "A"',
            'renewal': 'manual',
            'acme_provider': 'Private',
            'is_ca': 'false',
        }
        for name, value in (
            ('x509_cert_not_after', certificate.valid_to.timestamp()),
            ('x509_cert_not_before', certificate.valid_from.timestamp()),
            ('x509_cert_expired', 0),
            ('netbox_ssl_chain_not_after', ca.certificate.not_valid_after_utc.timestamp()),
        ):
            with self.subTest(name):
                [sample] = found[name]
                self.assertEqual((sample.value, sample.labels), (value, labels))
        self.assertEqual(found['netbox_ssl_certificates_omitted'][0].value, 0)

    def test_only_active_certificates_unless_the_status_is_asked_for(self):
        grant(self.user, 'view')
        record('active')
        record('retired', status='retired')
        self.assertEqual(self.names(), ['active'])
        self.assertEqual(self.names(status='retired'), ['retired'])

    def test_filters_and_permissions(self):
        grant(self.user, 'view', constraints={'is_acme': True})
        record('first', 10 * DAY)
        record('second', -DAY, acme_auto_renewal=False)
        record('hidden', is_acme=False, acme_auto_renewal=False)
        self.assertEqual(self.names(), ['second', 'first'])
        self.assertEqual(self.names(acme_auto_renewal='true'), ['first'])
        self.assertEqual([sample.value for sample in self.scrape()['x509_cert_expired']], [1, 0])

    def test_the_worst_state_of_its_sources(self):
        grant(self.user, 'view')
        old = issue_acme(left=-DAY)
        new = successor(old)
        for host, issued in (('web01', new), ('web02', old), ('web03', old)):
            certificate = report(host, issued, 'client' if issued is new else 'copy').certificate
        report('fine', issue_acme('fine.example.net'))
        # Without permission to view sources, nothing is known of them.
        self.assertEqual(self.scrape().get('netbox_ssl_deployed_badly', []), [])
        grant(self.user, 'view', model=CertificateSource, constraints={'external_id__contains': 'web0'})
        [sample] = self.scrape()['netbox_ssl_deployed_badly']
        self.assertEqual((sample.value, sample.labels['deployment_state']), (2, 'expired'))
        self.assertEqual(sample.labels['id'], str(certificate.pk))

    def test_an_invalid_filter_is_an_error(self):
        grant(self.user, 'view')
        response = self.scrape(code=400, renewal_status='Broken')
        self.assertIn('renewal_status', response.content.decode())

    def test_without_permission_or_token(self):
        self.scrape(code=403)
        self.assertIn(self.client.get(self.url, HTTP_ACCEPT=PROMETHEUS).status_code, (401, 403))


class LimitTestCase(TestCase):
    def test_the_certificates_that_expire_first_are_kept(self):
        for number in (3, 1, 2):
            record(f'{number}.example.net', number * DAY)
        families = {each.name: each for each in CertificateCollector(Certificate.objects, timezone.now(), 2).collect()}
        names = [sample.labels['name'] for sample in families['x509_cert_not_after'].samples]
        self.assertEqual(names, ['1.example.net', '2.example.net'])
        self.assertEqual(families['netbox_ssl_certificates_omitted'].samples[0].value, 1)
        end_chain(Certificate.objects.get(name='3.example.net'), DAY / 2)
        families = {each.name: each for each in CertificateCollector(Certificate.objects, timezone.now(), 1).collect()}
        [sample] = families['x509_cert_not_after'].samples
        self.assertEqual(sample.labels['name'], '3.example.net', 'its chain expires first')

    def test_the_number_of_queries_does_not_grow(self):
        record('first', tenant=Tenant.objects.create(name='A', slug='a'))
        record('second', tenant=Tenant.objects.create(name='B', slug='b'))
        with self.assertNumQueries(2):
            list(CertificateCollector(Certificate.objects.all(), timezone.now()).collect())
