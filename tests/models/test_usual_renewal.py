"""How long before expiry a certificate is usually renewed."""

import random
import statistics

from utilities.testing import APITestCase

from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql
from tests.support.factories import DAY, LIFETIME, grant, record

URL = '/api/plugins/ssl/certificates/'


def with_history(left_days: list[float], name='www.example.net') -> Certificate:
    """Return a certificate that was renewed with these days left, oldest first, and has 24 days left now."""
    certificate = record(name, left=24 * DAY)
    end = certificate.valid_to
    spans = [(end - LIFETIME, end)]
    for left in reversed(left_days):
        end = spans[0][0] + left * DAY
        spans.insert(0, (end - LIFETIME, end))
    issuances = [
        Issuance(certificate=certificate, valid_from=start, valid_to=end, fingerprint_sha256=f'{name}-{number:03}')
        for number, (start, end) in enumerate(spans)
    ]
    random.Random(1).shuffle(issuances)
    Issuance.objects.bulk_create(issuances)
    return certificate


class UsualRenewalTestCase(APITestCase):
    def test_the_median_of_its_renewals(self):
        generator = random.Random(4)
        for number, count in enumerate((2, 3, 4, 7)):
            left = [round(generator.uniform(-5, 60), 3) for _ in range(count)]
            with self.subTest(left):
                certificate = with_history(left, f'{number}.example.net')
                self.assertAlmostEqual(certificate.usual_renewal_days, statistics.median(left), places=1)

    def test_one_renewal_is_not_a_pattern(self):
        for number, left in enumerate(([], [30])):
            self.assertIsNone(with_history(left, f'{number}.example.net').usual_renewal_days)

    def test_a_forced_one_does_not_count_much(self):
        self.assertEqual(with_history([30, 30, 89, 30]).usual_renewal_days, 30)

    def test_without_issuances(self):
        self.assertIsNone(record().usual_renewal_days)

    def test_a_list_takes_no_query_per_row(self):
        for number in range(3):
            with_history([30, 30], f'{number}.example.net')
        with self.assertNumQueries(1):
            rows = Certificate.objects.annotate(**{USUAL_RENEWAL: usual_renewal_sql()})
            self.assertEqual([row.usual_renewal_days for row in rows], [30, 30, 30])

    def test_rest_and_graphql(self):
        certificate = with_history([31, 30, 29])
        grant(self.user, 'view')
        answer = self.client.get(f'{URL}{certificate.pk}/', **self.header).json()
        self.assertEqual(answer['usual_renewal_days'], 30.0)
        self.assertEqual(self.client.get(URL, **self.header).json()['results'][0]['usual_renewal_days'], 30.0)
        query = '{ certificate_list { usual_renewal_days } }'
        answer = self.client.post('/graphql/', {'query': query}, format='json', **self.header).json()
        self.assertEqual(answer['data']['certificate_list'], [{'usual_renewal_days': 30.0}])

    def test_the_page(self):
        self.client.force_login(self.user)
        grant(self.user, 'view')
        response = self.client.get(with_history([30, 30]).get_absolute_url())
        self.assertContains(response, '<span>30 days before expiry')
        self.assertContains(response, 'now 23')
        new = self.client.get(record('new.example.net').get_absolute_url())
        # Unlike the expiry marks: "30, 14, 7, 1 days before expiry"
        self.assertNotRegex(new.content.decode(), r'<span>[0-9.]+ days before expiry')
        late = with_history([-2, -2], 'late.example.net')
        self.assertContains(self.client.get(late.get_absolute_url()), '2 days after expiry')
