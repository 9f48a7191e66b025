"""NetBox's own test cases for REST and GraphQL of Certificate, and what plain REST writing may and may not do."""

from datetime import UTC, datetime

from tenancy.models import Tenant
from utilities.testing import APIViewTestCases

import tests.support.query_counts  # noqa: F401  (where the query counts are)
from netbox_ssl.models import Certificate
from tests.support.factories import issue_acme, record

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
END = datetime(2026, 5, 30, tzinfo=UTC)


class CertificateTestCase(APIViewTestCases.APIViewTestCase):
    model = Certificate
    view_namespace = 'plugins-api:netbox_ssl'
    brief_fields = [
        'days_left',
        'deployment_state',
        'description',
        'display',
        'id',
        'name',
        'renewal_status',
        'url',
        'valid_to',
        'validity',
    ]
    bulk_update_data = {'description': 'Changed', 'acme_provider': 'ZeroSSL'}
    bulk_update_invalid_data = {'acme_renewal_days': 3651}

    @classmethod
    def setUpTestData(cls):
        tenant = Tenant.objects.create(name='Tenant 1', slug='tenant-1')
        for number in range(1, 4):
            record(
                name=f'www{number}.example.net',
                tenant=tenant,
                subject_alt_names=[f'www{number}.example.net'],
                subject=f'CN=www{number}.example.net',
                serial_number=f'0{number}',
                acme_provider="Let's Encrypt",
                acme_renewal_days=number,
                description='x',
            )
        cls.create_data = [
            {
                'name': 'typed by hand',
                'status': 'active',
                'tenant': tenant.pk,
                'valid_from': BEGIN,
                'valid_to': END,
                'subject': 'CN=typed.example.net',
                'issuer': 'CN=Example Issuing CA',
                'serial_number': '0A',
                'fingerprint_sha256': 'AB' * 32,
                'subject_alt_names': ['typed.example.net'],
                'key_algorithm': 'RSA',
                'key_size': 2048,
                'signature_algorithm': 'sha256WithRSAEncryption',
                'is_acme': True,
                'acme_provider': "Let's Encrypt",
                'acme_account_email': 'hostmaster@example.com',
                'acme_challenge_type': 'http-01',
                'acme_server_url': 'https://acme-v02.api.letsencrypt.org/directory',
                'acme_auto_renewal': True,
                'acme_last_renewed': BEGIN,
                'acme_renewal_days': 3650,
                'description': 'An appliance',
                'comments': 'Cannot export its certificate',
            },
            {'pem': issue_acme('pem.example.net').pem},
            {'name': 'least', 'valid_from': BEGIN, 'valid_to': END},
        ]
        cls.update_data = {
            'name': 'renamed',
            'description': 'Changed',
            'is_acme': True,
            'acme_challenge_type': 'dns-01',
            'acme_renewal_days': 0,
        }
