"""NetBox's own test cases for the pages of the models; tests/views/test_pages.py tests the rest."""

from datetime import UTC, datetime

from tenancy.models import Tenant
from utilities.testing import ViewTestCases, create_tags

import tests.support.query_counts  # noqa: F401  (where the query counts are)
from netbox_ssl.models import Certificate, Issuance
from tests.support.factories import import_pem, issue_acme, record

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 5, 30, tzinfo=UTC)


class PluginURLs:
    def _get_base_url(self):
        return f'plugins:{super()._get_base_url()}'


class CertificateTestCase(
    PluginURLs,
    ViewTestCases.BulkRenameObjectsViewTestCase,
    ViewTestCases.PrimaryObjectViewTestCase,
):
    model = Certificate
    # The form shows and accepts one name per line.
    validation_excluded_fields = ('subject_alt_names',)
    # Certificates have no label.
    test_bulk_rename_label_field = None
    test_bulk_rename_name_and_label_fields = None

    def test_export_objects(self):
        """As for NetBox's other models with a YAML export: all data in YAML, the current view in CSV."""
        self.add_permissions('netbox_ssl.view_certificate')
        for query, content_type in (('export', 'text/yaml'), ('export=table', 'text/csv; charset=utf-8')):
            answer = self.client.get(f'{self._get_url("list")}?{query}')
            self.assertHttpStatus(answer, 200)
            self.assertEqual(answer.get('Content-Type'), content_type)
            self.assertContains(answer, 'www1.example.net')

    @classmethod
    def setUpTestData(cls):
        tenant = Tenant.objects.create(name='Tenant 1', slug='tenant-1')
        tags = create_tags('Alpha', 'Bravo', 'Charlie')
        certificates = [record(name=f'www{number}.example.net') for number in range(1, 4)]

        cls.form_data = {
            'name': 'www.example.com',
            'status': 'active',
            'tenant': tenant.pk,
            'subject': 'CN=www.example.com',
            'issuer': "CN=R12,O=Let's Encrypt,C=US",
            'serial_number': '0A1B',
            'fingerprint_sha256': 'AB' * 32,
            'valid_from': BEGIN,
            'valid_to': END,
            'subject_alt_names': 'www.example.com\nexample.com',
            'key_algorithm': 'ECDSA',
            'key_size': 256,
            'signature_algorithm': 'sha256WithRSAEncryption',
            'is_acme': True,
            'acme_provider': "Let's Encrypt",
            'acme_account_email': 'hostmaster@example.com',
            'acme_challenge_type': 'dns-01',
            'acme_server_url': 'https://acme-v02.api.letsencrypt.org/directory',
            'acme_auto_renewal': True,
            'acme_renewal_days': 20,
            'acme_last_renewed': BEGIN,
            'description': 'The shop',
            'comments': 'Behind the load balancer',
            'tags': [tag.pk for tag in tags],
        }
        cls.csv_data = {
            'default': (  # without a PEM
                'name,status,tenant,valid_from,valid_to,subject_alt_names,is_acme,acme_auto_renewal,acme_renewal_days',
                'a.example.net,active,Tenant 1,2026-03-01,2026-05-30,"a.example.net,b.example.net",true,true,20',
                'b.example.net,retired,,2026-03-01,2026-05-30,,false,false,',
            ),
            'read from the PEM': ('pem', *(_one_line(f'csv{number}.example.net') for number in range(3))),
        }
        cls.csv_update_data = (
            'id,name,description,acme_provider',
            *(f'{certificate.pk},{certificate.name} X,Changed,ZeroSSL' for certificate in certificates),
        )
        cls.bulk_edit_data = {
            'description': 'Changed',
            'tenant': tenant.pk,
            'status': 'retired',
            'acme_provider': 'ZeroSSL',
            'acme_account_email': 'acme@example.com',
            'acme_challenge_type': 'tls-alpn-01',
            'acme_server_url': 'https://acme.zerossl.com/v2/DV90',
            'acme_auto_renewal': False,
            'acme_renewal_days': 0,
            'acme_last_renewed': BEGIN,
        }


def _one_line(name):
    """Put a PEM into one line, because NetBox's test base counts records by lines."""
    return issue_acme(name).pem.replace('\n', ' ').strip()


class IssuanceTestCase(
    PluginURLs,
    ViewTestCases.GetObjectViewTestCase,
    ViewTestCases.ListObjectsViewTestCase,
):
    model = Issuance

    @classmethod
    def setUpTestData(cls):
        for number in range(3):
            import_pem(issue_acme(f'www{number}.example.net'))
