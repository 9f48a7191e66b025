"""GraphQL responses, in addition to NetBox's own test cases (tests/api)."""

from unittest.mock import ANY

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from netbox_ssl.models import Certificate, Issuance
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, successor
from tests.support.graphql import GraphQLTestCase

STATUSES = {
    'ok': {'left': 60 * DAY},
    'due': {'left': 20 * DAY},
    'overdue': {'left': 5 * DAY},
    'expired': {'left': -DAY},
    'manual': {'acme_auto_renewal': False},
    'none': {'is_acme': False, 'acme_auto_renewal': False},
}


class RenewalStatusTestCase(GraphQLTestCase):
    @classmethod
    def setUpTestData(cls):
        for name, columns in STATUSES.items():
            record(name, **columns)

    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def names(self, filters: str) -> set[str]:
        answer = self.ask(f'{{ certificate_list(filters: {{{filters}}}) {{ name }} }}')
        return {each['name'] for each in answer['certificate_list']}

    def test_it_is_a_plain_string_or_null(self):
        answer = self.ask('{ certificate_list { name renewal_status renewal_overdue } }')['certificate_list']
        self.assertEqual(
            {each['name']: (each['renewal_status'], each['renewal_overdue']) for each in answer},
            {
                'ok': ('OK', False),
                'due': ('Due', False),
                'overdue': ('Due', True),
                'expired': ('Expired', False),
                'manual': ('Manual', False),
                'none': (None, False),
            },
        )

    def test_it_can_be_filtered_as_netbox_filters_choices(self):
        for filters, names in (
            ('renewal_status: {exact: EXPIRED}', {'expired'}),
            ('renewal_status: {exact: OK}', {'ok'}),
            ('renewal_status: {exact: DUE}', {'due', 'overdue'}),
            ('renewal_status: {exact: MANUAL}', {'manual'}),
            ('renewal_status: {in_list: [EXPIRED, MANUAL]}', {'expired', 'manual'}),
            ('renewal_status: {is_null: true}', {'none'}),
            ('renewal_status: {is_null: false}', set(STATUSES) - {'none'}),
            ('renewal_overdue: true', {'overdue'}),
            ('renewal_overdue: false', set(STATUSES) - {'overdue'}),
            ('renewal_status: {exact: EXPIRED}, OR: {renewal_status: {exact: OK}}', {'expired', 'ok'}),
            ('renewal_status: {exact: DUE}, renewal_overdue: false', {'due'}),
            # Null is neither.
            ('NOT: {renewal_status: {exact: EXPIRED}}', set(STATUSES) - {'expired'}),
            ('NOT: {renewal_status: {in_list: [EXPIRED, OK]}}', set(STATUSES) - {'expired', 'ok'}),
            ('NOT: {renewal_status: {is_null: true}}', set(STATUSES) - {'none'}),
            ('NOT: {renewal_status: {is_null: false}}', {'none'}),
            ('NOT: {NOT: {renewal_status: {exact: EXPIRED}}}', {'expired'}),
            ('renewal_status: {}', set(STATUSES)),
            ('NOT: {renewal_status: {}}', set(STATUSES)),
        ):
            with self.subTest(filters):
                self.assertEqual(self.names(filters), names)

    def test_the_source_fields_need_not_be_requested(self):
        answer = self.ask('{ certificate_list(filters: {name: {exact: "due"}}) { renewal_status } }')
        self.assertEqual(answer, {'certificate_list': [{'renewal_status': 'Due'}]})

    def test_it_can_be_filtered_through_the_issuances(self):
        old = issue_acme(left=-DAY)
        import_pem(old, acme_auto_renewal=True)
        import_pem(issue_acme('other.example.net'), acme_auto_renewal=True)
        grant(self.user, 'view', model=Issuance)
        filters = 'certificate: {renewal_status: {exact: EXPIRED}}'
        answer = self.ask(f'{{ issuance_list(filters: {{{filters}}}) {{ certificate {{ name renewal_status }} }} }}')
        self.assertEqual(
            answer, {'issuance_list': [{'certificate': {'name': 'www.example.net', 'renewal_status': 'Expired'}}]}
        )


class CoversTestCase(GraphQLTestCase):
    @classmethod
    def setUpTestData(cls):
        record('exact', subject_alt_names=['www.example.net'])
        record('wildcard', subject_alt_names=['*.example.net'])
        record('parent', subject_alt_names=['example.net'])

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', constraints={'name__in': ['exact', 'wildcard']})

    def names(self, filters: str) -> set[str]:
        answer = self.ask(f'{{ certificate_list(filters: {{{filters}}}) {{ name }} }}')
        return {each['name'] for each in answer['certificate_list']}

    def test_it_takes_wildcards_into_account(self):
        for filters, names in (
            ('covers: "WWW.example.net"', {'exact', 'wildcard'}),
            ('covers: "a.b.example.net"', set()),
            ('covers: "example.net"', set()),
            ('covers: "www.example.net", name: {exact: "exact"}', {'exact'}),
            ('covers: "x.example.net", OR: {name: {exact: "exact"}}', {'exact', 'wildcard'}),
        ):
            with self.subTest(filters):
                self.assertEqual(self.names(filters), names)

    def test_through_another_object(self):
        import_pem(issue_acme(['shop.example.net']), name='exact')
        grant(self.user, 'view', model=Issuance)
        answer = self.ask('{ issuance_list(filters: {certificate: {covers: "shop.example.net"}}) { subject } }')
        self.assertEqual(answer, {'issuance_list': [{'subject': 'CN=shop.example.net'}]})

    def test_invalid_names(self):
        query = '{ certificate_list(filters: {covers: "no name"}) { name } }'
        response = self.client.post(reverse('graphql'), {'query': query}, format='json', **self.header)
        self.assertIn('Enter a DNS name', response.json()['errors'][0]['message'])


class FieldsTestCase(GraphQLTestCase):
    def test_all_acme_fields_and_the_issuances(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        old = issue_acme()
        import_pem(
            old,
            acme_account_email='hostmaster@example.net',
            acme_challenge_type='dns-01',
            acme_server_url='https://acme-v02.api.letsencrypt.org/directory',
            acme_auto_renewal=True,
            acme_renewal_days=20,
        )
        new = successor(old)
        certificate = import_pem(new).certificate
        fields = """
            is_acme acme_provider acme_account_email acme_challenge_type acme_server_url acme_auto_renewal
            acme_last_renewed acme_renewal_days subject_alt_names renewal_due_at
            issuances { pem certificate { id } }
        """
        answer = self.ask(f'{{ certificate(id: {certificate.pk}) {{ {fields} }} }}')['certificate']
        self.assertEqual(
            answer,
            {
                'is_acme': True,
                'acme_provider': "Let's Encrypt",
                'acme_account_email': 'hostmaster@example.net',
                'acme_challenge_type': 'dns-01',
                'acme_server_url': 'https://acme-v02.api.letsencrypt.org/directory',
                'acme_auto_renewal': True,
                'acme_last_renewed': ANY,
                'acme_renewal_days': 20,
                'subject_alt_names': ['www.example.net'],
                'renewal_due_at': certificate.renewal_due_at.isoformat(),
                'issuances': [
                    {'pem': new.pem, 'certificate': {'id': str(certificate.pk)}},
                    {'pem': old.pem, 'certificate': {'id': str(certificate.pk)}},
                ],
            },
        )
        self.assertIsNotNone(answer['acme_last_renewed'])

    def test_bookkeeping_is_not_in_the_schema(self):
        query = '{ __type(name: "CertificateType") { fields { name } } }'
        names = {field['name'] for field in self.ask(query)['__type']['fields']}
        self.assertLessEqual({'renewal_status', 'renewal_overdue_at'}, names)
        self.assertFalse(names & {'lineage', 'acme_pinned_fields', *Certificate.ANNOUNCED_FIELDS})


class PermissionsTestCase(GraphQLTestCase):
    @classmethod
    def setUpTestData(cls):
        cls.seen = import_pem(issue_acme('seen.example.net')).certificate
        cls.hidden = import_pem(issue_acme('hidden.example.net')).certificate

    def setUp(self):
        super().setUp()
        grant(self.user, 'view', constraints={'name': 'seen.example.net'})

    def test_only_permitted_certificates_are_seen(self):
        self.assertEqual(
            self.ask('{ certificate_list { name } }'), {'certificate_list': [{'name': 'seen.example.net'}]}
        )

    def test_others_are_not_seen_through_their_issuances(self):
        grant(self.user, 'view', model=Issuance)
        answer = self.ask('{ issuance_list { subject certificate { name } } }')['issuance_list']
        self.assertCountEqual(
            answer,
            [
                {'subject': 'CN=seen.example.net', 'certificate': {'name': 'seen.example.net'}},
                {'subject': 'CN=hidden.example.net', 'certificate': None},
            ],
        )

    def test_issuances_need_their_own_permission(self):
        answer = self.ask('{ certificate_list { issuances { id } } }')
        self.assertEqual(answer, {'certificate_list': [{'issuances': []}]})


class QueryCountTestCase(GraphQLTestCase):
    def count(self) -> int:
        query = (
            '{ certificate_list { name renewal_status renewal_overdue tenant { name } issuances { serial_number } } }'
        )
        with CaptureQueriesContext(connection) as queries:
            self.ask(query)
        return len(queries)

    def test_it_does_not_grow_with_the_number_of_rows(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        import_pem(issue_acme('a.example.net'))
        self.count()
        few = self.count()
        for number in range(10):
            import_pem(issue_acme(f'{number}.example.net'))
        self.assertEqual(self.count(), few)
