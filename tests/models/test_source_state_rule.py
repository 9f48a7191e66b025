"""The rule of the state of a source: in Python and in SQL, at every boundary, and how its times are computed."""

from datetime import UTC, datetime, timedelta

from django.db import IntegrityError, transaction
from django.test import TestCase, override_settings
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from netbox_ssl.choices import SourceStateChoices
from netbox_ssl.models import CertificateSource, Issuance
from netbox_ssl.models.mixins.source_states import (
    FROM_BAD_TO_GOOD,
    behind_q,
    expired_q,
    severity_sql,
    silent_q,
    state_q,
    state_sql,
)
from netbox_ssl.models.source_reports import settle_certificate, stamp_reports
from tests.support.certificate_factory import issue
from tests.support.factories import DAY, import_pem, issue_acme, lets_encrypt, record, successor

HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)
NOW = datetime(2026, 6, 1, tzinfo=UTC)
STATES = (*SourceStateChoices.values(), None)

# Around the times of changes; the settings are 48 hours and 7 days.
EDGES = [timedelta(0), 2 * DAY, 7 * DAY, 30 * DAY]
moments = st.builds(
    lambda edge, off: NOW - edge + off,
    st.sampled_from(EDGES),
    st.sampled_from([-HOUR, -MICROSECOND, timedelta(0), MICROSECOND, HOUR]),
)


@st.composite
def columns(draw):
    values = {'reported_at': draw(moments), 'valid_to': draw(moments), 'silent_scaled_at': draw(moments)}
    if draw(st.booleans()):
        values |= {'behind_since': draw(moments), 'behind_scaled_at': draw(moments)}
    values['issuance_since'] = draw(moments)
    match draw(st.sampled_from(['watched', 'watched', 'watched', 'gone', 'unwatched'])):
        case 'watched':
            values['is_watched'] = True
        case 'gone':
            values['gone_since'] = draw(moments)
    return values


class RuleTestCase(HypothesisTestCase):
    """Python and SQL agree."""

    @settings(deadline=None, max_examples=60)
    @given(st.lists(columns(), min_size=1, max_size=30), st.sampled_from([0, 1, 48]), st.sampled_from([0, 1, 7]))
    def test_both_agree(self, rows, hours, days):
        certificate = record()
        with override_settings(
            PLUGINS_CONFIG={'netbox_ssl': {'source_behind_hours': hours, 'source_silent_days': days}}
        ):
            made = CertificateSource.objects.bulk_create(
                CertificateSource(certificate=certificate, external_id=f'certbot:{number}:www', **row)
                for number, row in enumerate(rows)
            )
            for state in STATES:
                found = set(CertificateSource.objects.filter(state_q(state, NOW)))
                self.assertEqual(found, {each for each in made if each.state_at(NOW) == state}, state)
                through = type(certificate).objects.filter(state_q(state, NOW, 'sources__'))
                self.assertEqual(bool(found), through.exists(), 'with a prefix')
            for q, method in ((behind_q, 'is_behind_at'), (silent_q, 'is_silent_at'), (expired_q, 'is_expired_at')):
                found = set(CertificateSource.objects.filter(q(NOW)))
                self.assertEqual(found, {each for each in made if getattr(each, method)(NOW)}, method)
                self.assertEqual(set(CertificateSource.objects.filter(~q(NOW))), set(made) - found, method)
            for each in CertificateSource.objects.annotate(severity=severity_sql(NOW), named=state_sql(NOW)):
                expected = None if each.severity is None else FROM_BAD_TO_GOOD[each.severity]
                state = each.state_at(NOW)
                self.assertEqual(expected, state if state in FROM_BAD_TO_GOOD else None)
                self.assertEqual(each.named, state)

    def test_an_unknown_state(self):
        with self.assertRaisesMessage(ValueError, "'late' is not a state of a source"):
            state_q('late', NOW)

    def test_the_database_refuses_inconsistent_columns(self):
        source = CertificateSource.objects.create(certificate=record(), external_id='typed')
        for broken in ({'is_watched': True}, {'behind_since': NOW}, {'behind_scaled_at': NOW}):
            with self.assertRaises(IntegrityError), transaction.atomic():
                CertificateSource.objects.filter(pk=source.pk).update(**broken)


class SourcesTestCase(TestCase):
    """One certificate with a history of two; ``source()`` creates a source."""

    @classmethod
    def setUpTestData(cls):
        cls.old = issue_acme(left=10 * DAY)
        cls.new = successor(cls.old)
        import_pem(cls.old)
        cls.certificate = import_pem(cls.new).certificate

    def issuance(self, issued):
        return Issuance.objects.get(pem=issued.pem)

    def source(self, external_id='certbot:web01:www', **columns):
        values = {'certificate': self.certificate, 'external_id': external_id, **columns}
        return CertificateSource.objects.create(**values)

    def reporting(self, issued, at, external_id='certbot:web01:www'):
        """Return a source after a report of ``issued`` at a given time."""
        source = CertificateSource.objects.filter(external_id=external_id).first() or self.source(external_id)
        stamp_reports([(source.pk, self.issuance(issued).pk)], at)
        return CertificateSource.objects.get(pk=source.pk)


class BoundariesTestCase(SourcesTestCase):
    def test_no_state_without_a_report(self):
        source = self.source()
        self.assertIsNone(source.state)
        self.assertIsNone(source.state_since)

    def test_current(self):
        now = timezone.now()
        source = self.reporting(self.new, now)
        self.assertEqual((source.state_at(now), source.state_since_at(now)), ('current', now))
        again = self.reporting(self.new, now + HOUR)
        self.assertEqual((again.state_since_at(now + HOUR), again.reported_at), (now, now + HOUR))

    def test_expired_after_valid_to(self):
        source = self.reporting(self.old, timezone.now())
        end = self.old.certificate.not_valid_after_utc
        self.assertEqual(source.valid_to, end)
        self.assertNotEqual(source.state_at(end), 'expired', 'valid to the last')
        self.assertEqual(source.state_at(end + MICROSECOND), 'expired')
        self.assertEqual(source.state_since_at(end + MICROSECOND), end)

    def test_expired_is_worse_than_behind_and_silent(self):
        source = self.reporting(self.old, timezone.now())
        later = timezone.now() + 30 * DAY
        self.assertTrue(source.is_behind_at(later) and source.is_silent_at(later))
        self.assertEqual(source.state_at(later), 'expired')

    def test_behind_is_worse_than_silent(self):
        source = self.reporting(self.old, timezone.now())
        later = timezone.now() + 8 * DAY
        self.assertTrue(source.is_silent_at(later))
        self.assertEqual((source.state_at(later), source.state_since_at(later)), ('behind', source.behind_since))

    def test_silent_by_the_setting(self):
        at = timezone.now()
        source = self.reporting(self.new, at)
        self.assertEqual(source.state_at(at + 7 * DAY), 'current')
        self.assertEqual(source.state_at(at + 7 * DAY + MICROSECOND), 'silent')
        self.assertEqual(source.state_since_at(at + 8 * DAY), at)

    def test_gone_takes_precedence(self):
        source = self.reporting(self.old, timezone.now())
        source.mark_gone(timezone.now())
        source.refresh_from_db()
        later = timezone.now() + 30 * DAY
        self.assertEqual((source.state_at(later), source.state_since_at(later)), ('gone', source.gone_since))
        self.assertFalse(source.is_behind_at(later) or source.is_silent_at(later) or source.is_expired_at(later))

    def test_no_reports_are_expected_for_an_inactive_certificate(self):
        source = self.reporting(self.old, timezone.now())
        later = timezone.now() + 30 * DAY
        for status, state in (('retired', None), ('revoked', None), ('active', 'expired')):
            self.certificate.status = status
            self.certificate.save()
            source.refresh_from_db()
            self.assertEqual(source.state_at(later), state, status)


class GraceTestCase(SourcesTestCase):
    """When a host without the renewal counts as behind."""

    def renew(self, issued):
        """Renew without a report. Return the time before it."""
        before = timezone.now()
        self.certificate = import_pem(issued).certificate
        return before

    def test_from_when_netbox_saw_the_renewal(self):
        """It has been valid for five days by then, but was unknown before."""
        self.reporting(self.new, timezone.now())
        newer = successor(self.new, 15 * DAY)
        self.assertLess(newer.certificate.not_valid_before_utc, timezone.now() - 4 * DAY)
        before = self.renew(newer)
        source = CertificateSource.objects.get()
        self.assertGreaterEqual(source.behind_since, before)
        self.assertEqual(source.state, 'current')
        self.assertEqual(source.state_at(source.behind_since + 48 * HOUR - MICROSECOND), 'current')
        self.assertEqual(source.state_at(source.behind_since + 48 * HOUR), 'behind')

    def test_from_when_the_renewal_is_valid(self):
        self.reporting(self.new, timezone.now())
        newer = successor(self.new, 60 * DAY)
        self.assertGreater(newer.certificate.not_valid_before_utc, timezone.now())
        self.renew(newer)
        source = CertificateSource.objects.get()
        self.assertEqual(source.behind_since, newer.certificate.not_valid_before_utc)

    def test_a_new_source_has_the_same_grace(self):
        """NetBox has just seen the renewal, so hosts that report after it are not behind within seconds."""
        source = self.reporting(self.old, timezone.now())
        self.assertEqual(source.behind_since, self.issuance(self.new).created)
        Issuance.objects.filter(pem=self.new.pem).update(created=timezone.now() - 10 * DAY)
        source = self.reporting(self.old, timezone.now(), 'certbot:web02:www')
        self.assertEqual(source.state, 'behind', 'it is known for long')

    def test_by_a_tenth_of_a_short_lifetime(self):
        start = timezone.now().replace(microsecond=0)
        short = [_valid(start - 3 * DAY + n * HOUR, start + 3 * DAY + n * HOUR) for n in range(2)]
        self.certificate = import_pem(short[0]).certificate
        self.reporting(short[0], timezone.now())
        import_pem(short[1])
        source = CertificateSource.objects.get()
        over = source.behind_since + 6 * DAY / 10
        self.assertEqual((source.state_at(over - MICROSECOND), source.state_at(over)), ('current', 'behind'))

    def test_silent_by_a_quarter_of_a_short_lifetime(self):
        start = timezone.now().replace(microsecond=0)
        short = _valid(start - DAY, start + 5 * DAY)
        self.certificate = import_pem(short).certificate
        source = self.reporting(short, start)
        self.assertEqual(source.state_at(start + 36 * HOUR), 'current')
        self.assertEqual(source.state_at(start + 36 * HOUR + MICROSECOND), 'silent')

    def test_nightly_reports_are_enough(self):
        start = timezone.now().replace(microsecond=0)
        short = _valid(start, start + 2 * DAY)
        self.certificate = import_pem(short).certificate
        source = self.reporting(short, start)
        self.assertEqual(source.state_at(start + 30 * HOUR), 'current')
        self.assertEqual(source.state_at(start + 30 * HOUR + MICROSECOND), 'silent')

    def test_a_source_that_falls_back_gets_the_grace_period_again(self):
        at = timezone.now()
        self.reporting(self.new, at)
        source = self.reporting(self.old, at + HOUR)
        self.assertEqual(source.behind_since, at + HOUR)
        again = self.reporting(self.old, at + 2 * HOUR)
        self.assertEqual(again.behind_since, at + HOUR)
        self.assertIsNone(self.reporting(self.new, at + 3 * HOUR).behind_since)

    def test_an_issuance_of_another_certificate_is_behind(self):
        """Even if it is newer."""
        other = successor(issue_acme('other.example.net'), 5 * DAY)
        import_pem(other)
        at = timezone.now()
        self.reporting(self.new, at)
        source = self.reporting(other, at + HOUR)
        self.assertTrue(source.is_unexpected)
        self.assertEqual(source.state_at(at + HOUR), 'current', 'its certificate may be about to be renewed')
        self.assertEqual(source.state_at(at + 49 * HOUR), 'behind')
        self.assertFalse(self.reporting(self.new, at + 2 * HOUR).is_unexpected)

    def test_the_issuance_is_deleted(self):
        """Its X.509 certificate is no longer known, but it does not become current."""
        source = self.reporting(self.old, timezone.now())
        self.issuance(self.old).delete()
        settle_certificate(self.certificate.pk)
        source.refresh_from_db()
        self.assertIsNone(source.issuance)
        self.assertEqual(source.state_at(timezone.now() + 3 * DAY), 'behind')
        self.assertEqual(source.state_at(source.valid_to + MICROSECOND), 'expired')


class PlaceTestCase(TestCase):
    def test_the_host_of_an_external_id(self):
        for external_id, place in (
            ('certbot:web01.example.net:www', 'web01.example.net'),
            ('cert-manager:prod:default/www:tls', 'prod'),
            ('www', 'www'),
            ('certbot:www', 'certbot:www'),
            ('certbot::www', 'certbot::www'),
        ):
            self.assertEqual(CertificateSource(external_id=external_id).place, place)

    def test_the_address_of_an_endpoint(self):
        for external_id, place in (
            ('served:monitor:www.example.net:443', 'www.example.net:443'),
            ('served:monitor:[2001:db8::7]:443/www', '[2001:db8::7]:443/www'),
            ('served:monitor', 'served:monitor'),
        ):
            self.assertEqual(CertificateSource(external_id=external_id, kind='served').place, place)


def _valid(start, end):
    """Return an X.509 certificate with these dates; those of one test renew each other."""
    return issue('short.example.net', lets_encrypt(), start, end)
