"""
Real situations over several renewals, with the events that a webhook receives: none false, none missing. Those in which
the hooks of ACME clients matter are in ``tests/hooks/test_scenarios.py``.
"""

from django.test import TestCase
from tenancy.models import Tenant

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import make_ca, self_signed
from tests.support.factories import DAY, in_house_ca
from tests.support.reporting import source_of
from tests.support.timeline import LIFETIME, RENEWED_EVERY, Timeline, a_year_ago

# Renewals after the first X.509 certificate
ROUNDS = 2
NIGHTS = (ROUNDS + 1) * RENEWED_EVERY.days


class ScenarioTestCase(TestCase):
    def setUp(self):
        self.timeline = Timeline(a_year_ago())
        self.addCleanup(self.timeline.close)

    def nights(self, end: int = NIGHTS, start: int = 0):
        """Yield each night, and which renewal it is."""
        for night in range(start, end):
            with self.timeline.at(night + 0.1):
                yield night, night // RENEWED_EVERY.days

    def issued(self, *args, rounds=ROUNDS + 1, **options):
        """Return the X.509 certificates of each round."""
        return [self.timeline.issue(number * RENEWED_EVERY.days, *args, **options) for number in range(rounds)]

    def assertEvents(self, *expected):
        self.assertEqual(sorted(self.timeline.events), sorted(expected))

    def state(self, host):
        return source_of(host).state_at(self.timeline.now)

    def assertCertificates(self, number):
        self.assertEqual(Certificate.objects.count(), number)


class SeparateCertificatesTestCase(ScenarioTestCase):
    def test_hosts_that_order_for_themselves_and_one_stops(self):
        """Rounds of the other host renew nothing here, and say nothing."""
        first, second = self.issued(), self.issued()
        for _night, number in self.nights(52):
            self.timeline.report('web01', first[min(number, 1)])
            self.timeline.report('web02', second[number])
        self.assertCertificates(2)
        self.assertEvents(
            (38, 'www.example.net OK → Due'),
            (43, 'www.example.net overdue'),
            (48, 'www.example.net Due → Expired'),
            (48, 'web01 expired'),
        )
        self.assertEqual((source_of('web01').certificate.pem, self.state('web02')), (first[1].pem, 'current'))

    def test_a_test_host_with_staging(self):
        production = self.issued()
        tests = self.issued(ca=make_ca("(STAGING) Let's Encrypt", '(STAGING) Wannabe Watercress R11'))
        for _night, number in self.nights():
            for host in ('web01', 'web02'):
                self.timeline.report(host, production[number])
            self.timeline.report('test', tests[number])
        self.assertCertificates(2)
        self.assertEvents()
        self.assertEqual(source_of('web01').certificate.acme_provider, "Let's Encrypt")

    def test_a_test_host_with_a_corporate_ca_and_self_signed_appliances(self):
        production, corporate = self.issued(), self.issued(ca=in_house_ca())
        begin = self.timeline.start
        appliances = [self_signed('localhost', begin, begin + 400 * DAY) for _number in range(3)]
        for _night, number in self.nights():
            self.timeline.report('web01', production[number])
            self.timeline.report('test', corporate[number])
            for each, issued in enumerate(appliances):
                self.timeline.report(f'appliance{each}', issued, 'served', is_acme=False, acme_auto_renewal=False)
        self.assertCertificates(5)
        self.assertEvents()

    def test_one_name_of_two_tenants(self):
        one, two = (Tenant.objects.create(name=name, slug=name) for name in ('one', 'two'))
        theirs, ours = self.issued(), self.issued()
        before = None
        for _night, number in self.nights():
            self.timeline.report('web01', theirs[number], tenant=one)
            if number != before:
                self.timeline.paste(ours[number], tenant=two, acme_auto_renewal=True)
            before = number
        self.assertCertificates(2)
        self.assertEvents()
        for tenant, issued in ((one, theirs), (two, ours)):
            certificate = Certificate.objects.get(tenant=tenant)
            self.assertEqual((certificate.pem, certificate.issuances.count()), (issued[-1].pem, ROUNDS + 1))


class OneLineageTestCase(ScenarioTestCase):
    def test_the_issuer_adds_a_name_and_copies_follow(self):
        """One copy follows at once, one before the issuer reports, and one is stuck."""
        names = ['www.example.net', 'shop.example.net']
        issued = [*self.issued()[:2], *self.issued(names)[2:]]
        for night, number in self.nights(50):
            before = (night - 1) // RENEWED_EVERY.days if night else 0
            self.timeline.report('copy1', issued[number], 'copy')
            self.timeline.report('issuer', issued[before])
            self.timeline.report('copy2', issued[before], 'copy')
            self.timeline.report('copy3', issued[min(before, 1)], 'copy')
        self.assertCertificates(1)
        # The grace of 48 hours starts when the issuer reports it, in the night after the renewal.
        self.assertEvents((39, 'copy3 behind'), (48, 'copy3 expired'))

    def test_the_order_of_dates_does_not_matter(self):
        """Equal starts (some CAs set midnight), backdated ones, and a change of CA on one day."""
        corporate = in_house_ca()
        for number, (later, ca) in enumerate(((0, None), (-0.5, None), (0, corporate), (-0.2, corporate))):
            with self.subTest(later=later, ca=ca):
                first = self.timeline.issue(0, f'{number}.example.net')
                second = self.timeline.issue(later, f'{number}.example.net', ca)
                for night in range(4):
                    with self.timeline.at(night + 0.1):
                        self.timeline.report('web01', second if night > 1 else first, 'client', str(number))
                source = source_of('web01', 'client', str(number))
                self.assertEqual(source.certificate.pem, second.pem)
                self.assertEqual(source.state_at(self.timeline.now), 'current')
        self.assertCertificates(4)
        # Its ACME settings follow the CA, so the certificates of the corporate one have no renewal status.
        kept = [event for event in self.timeline.events if '→ None' not in event[1]]
        self.assertEqual(kept, [])

    def test_netbox_first_hears_of_a_renewal_after_three_days(self):
        issued = [self.timeline.issue(day) for day in (0, 10)]
        copies = [f'copy{number}' for number in range(9)]
        for night in range(17):
            with self.timeline.at(night + 0.1):
                # Nobody reaches NetBox between the renewal and three days later.
                if 10 <= night < 13:
                    continue
                self.timeline.report('issuer', issued[night >= 13])
                for copy in copies:
                    self.timeline.report(copy, issued[night >= 14], 'copy')
        self.assertEvents()
        self.assertEqual(set(self.timeline.states().values()), {'current'})

    def test_certificates_of_six_days(self):
        """Renewed every two days; the grace is 14 hours, and a host is silent after 36."""
        issued = [self.timeline.issue(2 * number, lifetime=6 * DAY) for number in range(5)]
        for hours in range(0, 9 * 24, 6):
            with self.timeline.at(hours / 24 + 0.01):
                if hours % 24 == 0:
                    self.timeline.report('good', issued[hours // 48])
                    self.timeline.report('stuck', issued[0])
                    if hours < 48:
                        self.timeline.report('dead', issued[0])
        self.assertEvents(
            (2, 'stuck behind'), (2, 'dead behind'), (2, 'dead silent'), (6, 'stuck expired'), (6, 'dead expired')
        )
        self.assertEqual(self.state('good'), 'current')


class SettingsTestCase(ScenarioTestCase):
    def test_revoked_and_then_replaced(self):
        issued = self.issued(rounds=2)
        for night, _number in self.nights(30):
            if night == 5:
                self.timeline.change(source_of('web01').certificate, status='revoked')
            self.timeline.report('web01', issued[night >= 7])
        self.assertCertificates(1)
        self.assertEvents((5, 'www.example.net OK → None'), (7, 'www.example.net None → OK'))
        self.assertEqual(Certificate.objects.get().status, 'active')

    def test_renewed_by_hand_with_another_type_of_key(self):
        """The likely predecessor is named; if it is chosen, nothing stays behind."""
        first = self.timeline.issue(0, key_type='rsa')
        with self.timeline.at(0):
            certificate = self.timeline.paste(first, acme_auto_renewal=True).certificate
        second = self.timeline.issue(18)
        with self.timeline.at(18):
            result = self.timeline.paste(second, certificate=certificate)
            self.assertEqual(result.action, Action.RENEWED)
        for night in range(19, 37):
            with self.timeline.at(night):
                pass
        self.assertCertificates(1)
        self.assertEvents()

    def test_a_ca_without_acme(self):
        """What was detected follows the X.509 certificate: no renewal over ACME is expected any more."""
        first, second = self.timeline.issue(0), self.timeline.issue(18, ca=in_house_ca(), lifetime=2 * LIFETIME)
        for _night, number in self.nights(60):
            self.timeline.report('web01', second if number else first, is_acme=not number, acme_auto_renewal=not number)
        self.assertCertificates(1)
        self.assertEvents((18, 'www.example.net OK → None'))
        certificate = Certificate.objects.get()
        self.assertEqual((certificate.acme_provider, certificate.acme_server_url), ('', ''))

    def test_wholly_other_names_renew_nothing(self):
        """The lineage is reported as another one; the first certificate runs out, and that is said."""
        first, second = self.timeline.issue(0, 'a.example.net'), self.issued('b.example.net')
        for night, number in self.nights(40):
            self.timeline.report('web01', second[number] if night >= 5 else first)
        self.assertCertificates(2)
        self.assertIsNotNone(Certificate.objects.get(name='a.example.net').unreported_since)
        self.assertEvents(
            (20, 'a.example.net OK → Due'), (25, 'a.example.net overdue'), (30, 'a.example.net Due → Expired')
        )


class ClocksTestCase(ScenarioTestCase):
    def test_late_and_doubled_reports(self):
        issued = self.issued()
        for night, number in self.nights():
            self.timeline.report('web01', issued[number])
            if night % 5 == 2 and number:
                # From the spool
                self.timeline.report('web01', issued[number - 1])
                self.timeline.report('web01', issued[number])
            self.timeline.report('web01', issued[number])
        self.assertCertificates(1)
        self.assertEvents()
        self.assertEqual((Certificate.objects.get().pem, self.state('web01')), (issued[-1].pem, 'current'))
