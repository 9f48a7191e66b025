"""The history on the page of a certificate: the timeline with its zones, and the trend of renewals."""

import re
from datetime import timedelta

from django.test import TestCase as DjangoTestCase
from django.utils import timezone
from django.utils.translation import override
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.reports.charts import timeline, trend
from tests.support.factories import DAY, grant, record
from tests.views.test_history import lineage, newest_first


class ZonesTestCase(DjangoTestCase):
    def zones(self, certificate) -> list[tuple[str, float, float]]:
        drawn = timeline.draw(certificate, newest_first(certificate), timezone.now())
        for bar in drawn.bars[:-1]:
            self.assertEqual(bar.zones, [])
        return [(zone.color, float(zone.x[:-1]), float(zone.width[:-1])) for zone in drawn.bars[-1].zones]

    def test_due_and_overdue_end_with_the_validity(self):
        certificate = lineage(1)
        (due, x, first), (overdue, middle, second) = self.zones(certificate)
        self.assertEqual((due, overdue), ('yellow', 'orange'))
        self.assertAlmostEqual(x + first, middle, places=1)
        self.assertAlmostEqual(first, second, places=1)
        self.assertAlmostEqual(middle + second, 99.5, places=1)

    def test_none_if_it_is_not_in_use(self):
        certificate = lineage(1)
        certificate.status = 'retired'
        self.assertEqual(self.zones(certificate), [])

    def test_none_if_no_client_renews_it(self):
        certificate = lineage(1)
        self.assertTrue(self.zones(certificate))
        certificate.acme_auto_renewal = False
        self.assertEqual(self.zones(certificate), [])


class TrendTestCase(DjangoTestCase):
    def draw(self, certificate):
        certificate.refresh_from_db()
        return trend.draw(certificate, newest_first(certificate))

    def test_in_time_overdue_and_after_expiry(self):
        certificate = lineage(4)
        oldest, older, old, _current = certificate.issuances.order_by('valid_from')
        # Renewed 30, 10 and −5 days before expiry
        Issuance.objects.filter(pk=older.pk).update(valid_to=old.valid_from + 10 * DAY)
        Issuance.objects.filter(pk=old.pk).update(valid_to=old.valid_from + 55 * DAY)
        drawn = self.draw(certificate)
        self.assertEqual(
            [(bar.label, bar.color) for bar in drawn.bars], [('30', 'green'), ('10', 'orange'), ('-5', 'red')]
        )
        self.assertEqual(drawn.bars[0].url, oldest.get_absolute_url())
        self.assertRegex(drawn.bars[0].name, r'^Renewed on [\d-]+, 30 days before expiry$')
        self.assertRegex(drawn.bars[2].name, r'5 days after expiry$')
        for bar in drawn.bars:
            self.assertLessEqual(bar.y + bar.height, drawn.axis)

    def test_own_renewal_days_decide_what_is_overdue(self):
        certificate = lineage(3)
        self.assertEqual({bar.color for bar in self.draw(certificate).bars}, {'green'})
        Certificate.objects.update(acme_renewal_days=80)
        self.assertEqual({bar.color for bar in self.draw(certificate).bars}, {'orange'})

    def test_where_no_client_renews_nothing_is_overdue(self):
        certificate = lineage(3)
        Certificate.objects.update(acme_renewal_days=80, acme_auto_renewal=False)
        self.assertEqual({bar.color for bar in self.draw(certificate).bars}, {'green'})

    def test_one_renewal_is_no_trend(self):
        self.assertIsNone(self.draw(lineage(2)))
        self.assertIsNone(trend.draw(record(), []))

    def test_numbers_are_numbers_in_every_language(self):
        with override('de'):
            for bar in self.draw(lineage(4)).bars:
                for value in (bar.x, bar.middle, bar.width):
                    self.assertRegex(value, r'^\d+\.\d\d%$')


class PanelTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.certificate = lineage(3)

    def page(self):
        response = self.client.get(self.certificate.get_absolute_url())
        self.assertHttpStatus(response, 200)
        return response.content.decode()

    def test_only_with_permission_to_view_issuances(self):
        grant(self.user, 'view')
        self.assertNotIn('netbox-ssl-timeline', self.page())
        grant(self.user, 'view', model=Issuance)
        page = self.page()
        self.assertIn('netbox-ssl-timeline', page)
        self.assertIn('All 3 issuances in the history', page)
        self.assertEqual(len(re.findall(r'aria-label="Renewed on', page)), 2)

    def test_only_visible_issuances(self):
        grant(self.user, 'view')
        newest = self.certificate.issuances.latest('valid_from')
        grant(self.user, 'view', model=Issuance, constraints={'pk': newest.pk})
        page = self.page()
        self.assertIn('1 issuance in the history', page)
        self.assertNotIn('Renewed on', page)

    def test_none(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        response = self.client.get(record('typed.example.net', left=timedelta(days=60)).get_absolute_url())
        self.assertNotContains(response, 'netbox-ssl-timeline')
