"""Every filter that the filter sets declare finds the right objects, and no others."""

from datetime import UTC, datetime

from django.test import TestCase
from tenancy.models import Tenant
from utilities.testing import ChangeLoggedFilterSetTestMixin
from utilities.testing.filtersets import BaseFilterSetTestMixin

from netbox_ssl.filtersets import CertificateFilterSet, IssuanceFilterSet
from netbox_ssl.models import Certificate, Issuance
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, record, successor

FROM = datetime(2026, 1, 1, tzinfo=UTC)
TO = datetime(2026, 4, 1, tzinfo=UTC)
RENEWED = datetime(2026, 1, 2, tzinfo=UTC)


class Finds:
    def found(self, **parameters) -> set[str]:
        """Return the objects that the filters find; the values are lists, as from a query string."""
        filterset = self.filterset(parameters, self.queryset)
        self.assertEqual(filterset.errors, {})
        return {str(row) for row in filterset.qs}

    def assertFinds(self, cases):
        for parameters, names in cases:
            with self.subTest(parameters):
                self.assertEqual(self.found(**parameters), names)


class CertificateFilterSetTestCase(Finds, TestCase, ChangeLoggedFilterSetTestMixin):
    # NetBox's test finds the filter set by the first part of this.
    __module__ = 'netbox_ssl.tests.test_filtersets'
    queryset = Certificate.objects.all()
    filterset = CertificateFilterSet
    ignore_fields = (
        'subject_alt_names',  # as subject_alt_name
        'pem',
        'chain_pem',
        'lineage',
        'acme_pinned_fields',
        'reported_only',
        'expiry_marks',
        'renewal_instructions',  # Markdown, like comments
        *Certificate.EXPIRY_INTERNAL,
        *Certificate.ANNOUNCED_FIELDS,
        *Certificate.ARI_INTERNAL,
    )

    @classmethod
    def setUpTestData(cls):
        tenants = [Tenant.objects.create(name=name, slug=name.lower()) for name in ('Alpha', 'Beta')]
        record(
            'first',
            description='The first',
            subject='CN=first.example.net,O=Example',
            issuer="CN=R12,O=Let's Encrypt",
            serial_number='0A1B',
            fingerprint_sha256='AB' * 32,
            fingerprint_sha1='CD' * 20,
            valid_from=FROM,
            valid_to=TO,
            subject_alt_names=['first.example.net', 'www.example.net'],
            key_algorithm='ECDSA',
            key_size=256,
            signature_algorithm='ecdsa-with-SHA384',
            acme_provider="Let's Encrypt",
            acme_account_email='first@example.net',
            acme_challenge_type='http-01',
            acme_server_url='https://acme.example.net/directory',
            acme_last_renewed=RENEWED,
            acme_renewal_days=20,
            tenant=tenants[0],
            comments='behind the proxy',
        )
        record('second', status='revoked', acme_auto_renewal=False, acme_challenge_type='dns-01', tenant=tenants[1])
        record('third', status='retired', is_acme=False, acme_auto_renewal=False)

    def test_exact_values(self):
        self.assertFinds(
            (
                ({'name': ['first', 'third']}, {'first', 'third'}),
                ({'description': ['The first']}, {'first'}),
                ({'subject': ['CN=first.example.net,O=Example']}, {'first'}),
                ({'issuer': ["CN=R12,O=Let's Encrypt"]}, {'first'}),
                ({'issuer__ic': ['let']}, {'first'}),
                ({'key_algorithm': ['ECDSA']}, {'first'}),
                ({'key_size': [256]}, {'first'}),
                ({'signature_algorithm': ['ecdsa-with-SHA384']}, {'first'}),
                ({'acme_provider': ["LET'S encrypt"]}, {'first'}),
                ({'acme_account_email': ['first@example.net']}, {'first'}),
                ({'acme_server_url': ['https://acme.example.net/directory']}, {'first'}),
                ({'acme_renewal_days': [20]}, {'first'}),
                ({'acme_renewal_days__gte': [21]}, set()),
                ({'status': ['revoked', 'retired']}, {'second', 'third'}),
                ({'acme_challenge_type': ['http-01', 'dns-01']}, {'first', 'second'}),
                ({'acme_challenge_type': ['dns-01']}, {'second'}),
                ({'tenant': ['alpha']}, {'first'}),
                ({'tenant_id': [Tenant.objects.get(name='Beta').pk]}, {'second'}),
            )
        )

    def test_only_filters_that_are_given_are_checked(self):
        for parameters, names in (
            ({}, []),
            ({'status': ['active'], 'page': ['2']}, ['status']),
            ({'name__ic': ['www'], 'cf_x': ['1']}, ['name__ic']),
        ):
            with self.subTest(parameters):
                self.assertEqual(list(self.filterset(parameters, self.queryset).form.fields), names)
        errors = self.filterset({'expires_within': ['-1'], 'status': ['active']}, self.queryset).errors
        self.assertEqual(list(errors), ['expires_within'])

    def test_times(self):
        self.assertFinds(
            (
                ({'valid_from': [FROM]}, {'first'}),
                ({'valid_to': [TO]}, {'first'}),
                ({'valid_to__gte': [TO + DAY]}, {'second', 'third'}),
                ({'valid_to__lte': [TO]}, {'first'}),
                ({'acme_last_renewed': [RENEWED]}, {'first'}),
                ({'renewal_due_at': [TO - 20 * DAY]}, {'first'}),
                ({'renewal_due_at__lt': [TO]}, {'first'}),
                ({'renewal_overdue_at': [TO - 10 * DAY]}, {'first'}),
                # Null where no client renews
                ({'renewal_overdue_at__gt': [TO - 11 * DAY]}, {'first'}),
            )
        )

    def test_numbers_are_taken_as_people_paste_them(self):
        for serial_number in ('0A1B', '0a:1b', '0a 1b', 'a1b', '0x0a1b'):
            with self.subTest(serial_number):
                self.assertEqual(self.found(serial_number=[serial_number]), {'first'})
        for fingerprint in ('AB' * 32, ':'.join(['ab'] * 32)):
            with self.subTest(fingerprint):
                self.assertEqual(self.found(fingerprint_sha256=[fingerprint]), {'first'})
        for thumbprint in ('CD' * 20, ' '.join(['cd'] * 20), ':'.join(['CD'] * 20)):
            with self.subTest(thumbprint):
                self.assertEqual(self.found(fingerprint_sha1=[thumbprint]), {'first'})
                self.assertEqual(self.found(q=thumbprint), {'first'})
        self.assertFinds((({'serial_number': ['0A']}, set()), ({'serial_number': ['no hex']}, set())))

    def test_names(self):
        self.assertFinds(
            (
                ({'subject_alt_name': ['WWW.example.net ']}, {'first'}),
                ({'subject_alt_name': ['www.example.net', 'other']}, {'first'}),
                ({'subject_alt_name': ['example.net']}, set()),
            )
        )

    def test_lookups_of_names(self):
        self.assertFinds(
            (
                ({'subject_alt_name__ic': ['WWW.exa']}, {'first'}),
                ({'subject_alt_name__ic': ['nowhere', 'www']}, {'first'}),
                ({'subject_alt_name__ic': ['first.example.net,www']}, set()),
                ({'subject_alt_name__ic': ['w%e']}, set()),
                ({'subject_alt_name__nic': ['www']}, {'second', 'third'}),
                ({'subject_alt_name__isw': ['www.']}, {'first'}),
                ({'subject_alt_name__isw': ['example']}, set()),
                ({'subject_alt_name__iew': ['.example.net']}, {'first'}),
                ({'subject_alt_name__ie': ['WWW.EXAMPLE.NET']}, {'first'}),
                ({'subject_alt_name__n': ['www.example.net']}, {'second', 'third'}),
                ({'subject_alt_name__regex': ['^w+[.]']}, {'first'}),
                ({'subject_alt_name__regex': ['^W']}, set()),
                ({'subject_alt_name__iregex': ['^W']}, {'first'}),
                ({'covers': ['www.example.net']}, {'first'}),
                ({'covers__n': ['www.example.net']}, {'second', 'third'}),
            )
        )

    def test_lookups_of_numbers(self):
        self.assertFinds(
            (
                ({'serial_number__ic': ['a:1']}, {'first'}),
                ({'serial_number__ic': ['A1B']}, {'first'}),
                ({'serial_number__isw': ['0a 1']}, {'first'}),
                ({'serial_number__iew': ['1b']}, {'first'}),
                ({'serial_number__n': ['0a:1b']}, {'second', 'third'}),
                ({'fingerprint_sha1__isw': ['cd:cd:c']}, {'first'}),
                ({'fingerprint_sha256__regex': ['^AB']}, {'first'}),
            )
        )

    def test_lookups_that_could_not_match_are_not_offered(self):
        offered = {name for name in self.filterset.get_filters() if name.startswith('covers')}
        self.assertEqual(offered, {'covers', 'covers__n'})

    def test_booleans_have_three_states(self):
        self.assertFinds(
            (
                ({'is_acme': 'true'}, {'first', 'second'}),
                ({'is_acme': 'false'}, {'third'}),
                ({'is_acme': ''}, {'first', 'second', 'third'}),
                ({'acme_auto_renewal': 'true'}, {'first'}),
                ({'acme_auto_renewal': 'false'}, {'second', 'third'}),
                ({'acme_auto_renewal': ''}, {'first', 'second', 'third'}),
            )
        )

    def test_search(self):
        for text in (
            'first',
            'The FIRST',
            'Let',
            'www.example',
            '0a:1b',
            'a1b',
            'ab:ab:ab',
            'first@example',
            'the proxy',
            '  first  ',
        ):
            with self.subTest(text):
                self.assertEqual(self.found(q=text), {'first'})
        self.assertFinds((({'q': ' '}, {'first', 'second', 'third'}), ({'q': 'nowhere'}, set())))


class RenewalStatusFilterTestCase(Finds, TestCase):
    queryset = Certificate.objects.all()
    filterset = CertificateFilterSet

    @classmethod
    def setUpTestData(cls):
        record('ok')
        record('due', left=20 * DAY)
        record('overdue', left=5 * DAY)
        record('expired', left=-DAY)
        record('manual', acme_auto_renewal=False)
        record('none', is_acme=False, acme_auto_renewal=False)
        record('revoked', status='revoked', left=-DAY)

    def test_values(self):
        self.assertFinds(
            (
                ({'renewal_status': ['OK']}, {'ok'}),
                ({'renewal_status': ['Due']}, {'due', 'overdue'}),
                ({'renewal_status': ['Expired']}, {'expired'}),
                ({'renewal_status': ['Manual']}, {'manual'}),
                ({'renewal_status': ['Expired', 'Manual']}, {'expired', 'manual'}),
                ({'renewal_status': ['expired', 'DUE']}, {'expired', 'due', 'overdue'}),
                ({'renewal_status': ['null']}, {'none', 'revoked'}),
                ({'renewal_status': ['null', 'ok']}, {'none', 'revoked', 'ok'}),
                ({'renewal_status': []}, {row.name for row in self.queryset}),
            )
        )

    def test_an_unknown_status_is_an_error(self):
        filterset = self.filterset({'renewal_status': ['Overdue']}, self.queryset)
        self.assertIn('renewal_status', filterset.errors)

    def test_overdue_has_three_states(self):
        everything = {row.name for row in self.queryset}
        self.assertFinds(
            (
                ({'renewal_overdue': 'true'}, {'overdue'}),
                ({'renewal_overdue': 'false'}, everything - {'overdue'}),
                ({'renewal_overdue': ''}, everything),
            )
        )

    def test_they_agree_with_the_property(self):
        for status in ('OK', 'Due', 'Expired', 'Manual'):
            expected = {row.name for row in self.queryset if row.renewal_status == status}
            self.assertEqual(self.found(renewal_status=[status]), expected)


class IssuanceFilterSetTestCase(Finds, TestCase, BaseFilterSetTestMixin):
    __module__ = 'netbox_ssl.tests.test_filtersets'
    queryset = Issuance.objects.all()
    filterset = IssuanceFilterSet
    ignore_fields = ('subject_alt_names', 'pem', 'chain_pem')

    @classmethod
    def setUpTestData(cls):
        cls.old = issue_acme('www.example.net', serial_number=0x0A1B)
        cls.new = successor(cls.old, serial_number=0x0A2B)
        import_pem(cls.old)
        cls.certificate = import_pem(cls.new).certificate
        other = issue_acme('other.example.net', left=59 * DAY, ca=in_house_ca(), key_type='rsa', serial_number=0xFF)
        import_pem(other)

    def serials(self, **parameters):
        return {name.partition(' ')[0] for name in self.found(**parameters)}

    def test_filters(self):
        by_serial = {row.serial_number: row for row in self.queryset}
        old = by_serial['0A1B']
        for parameters, serials in (
            ({'serial_number': ['0a:1b']}, {'0A1B'}),
            ({'fingerprint_sha256': [old.fingerprint_sha256.lower()]}, {'0A1B'}),
            ({'subject_alt_name': ['WWW.example.net']}, {'0A1B', '0A2B'}),
            ({'certificate_id': [self.certificate.pk]}, {'0A1B', '0A2B'}),
            ({'certificate': ['other.example.net']}, {'FF'}),
            ({'subject': ['CN=other.example.net']}, {'FF'}),
            ({'issuer': [old.issuer]}, {'0A1B', '0A2B'}),
            ({'valid_from': [old.valid_from]}, {'0A1B'}),
            ({'valid_to__gt': [old.valid_to]}, {'0A2B'}),
            ({'key_algorithm': ['RSA']}, {'FF'}),
            ({'key_size': [2048]}, {'FF'}),
            ({'signature_algorithm': [old.signature_algorithm]}, set(by_serial)),
            ({'created__gt': [old.created + DAY]}, set()),
            ({'q': 'other'}, {'FF'}),
            ({'q': old.fingerprint_sha1.lower()}, {'0A1B'}),
            ({'fingerprint_sha1': [old.fingerprint_sha1.lower()]}, {'0A1B'}),
            ({'subject_alt_name__ic': ['WWW']}, {'0A1B', '0A2B'}),
            ({'q': ' '}, set(by_serial)),
        ):
            with self.subTest(parameters):
                self.assertEqual(self.serials(**parameters), serials)
        # The fingerprints, which are random here, may contain so few digits as well.
        self.assertIn('0A1B', self.serials(q='0a:1b'))
