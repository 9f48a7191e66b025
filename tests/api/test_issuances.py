"""NetBox's own test cases for REST and GraphQL of Issuance, which can only be read."""

from utilities.testing import APIViewTestCases

import tests.support.query_counts  # noqa: F401  (where the query counts are)
from netbox_ssl.models import Issuance
from tests.support.factories import grant, import_pem, issue_acme, successor


class IssuanceTestCase(
    APIViewTestCases.GetObjectViewTestCase,
    APIViewTestCases.ListObjectsViewTestCase,
    APIViewTestCases.GraphQLTestCase,
):
    model = Issuance
    view_namespace = 'plugins-api:netbox_ssl'
    brief_fields = ['display', 'id', 'serial_number', 'url', 'valid_from', 'valid_to']

    @classmethod
    def setUpTestData(cls):
        for number in range(3):
            import_pem(issue_acme(f'www{number}.example.net'))

    def test_it_cannot_be_written(self):
        grant(self.user, 'view', 'add', 'change', 'delete', model=Issuance)
        issuance = Issuance.objects.first()
        before = Issuance.objects.values().get(pk=issuance.pk)
        for method, url in (
            ('post', self._get_list_url()),
            ('put', self._get_detail_url(issuance)),
            ('patch', self._get_detail_url(issuance)),
            ('delete', self._get_detail_url(issuance)),
            ('patch', self._get_list_url()),
            ('delete', self._get_list_url()),
        ):
            with self.subTest(method=method, url=url):
                response = getattr(self.client, method)(url, {'subject': 'CN=changed'}, format='json', **self.header)
                self.assertHttpStatus(response, 405)
        self.assertEqual(Issuance.objects.values().get(pk=issuance.pk), before)

    def test_it_shows_which_one_is_current(self):
        old = issue_acme('renewed.example.net')
        new = successor(old)
        import_pem(old)
        import_pem(new)
        grant(self.user, 'view', model=Issuance)
        url = f'{self._get_list_url()}?subject_alt_name=renewed.example.net'
        results = self.client.get(url, **self.header).json()['results']
        self.assertEqual([(each['pem'], each['is_current']) for each in results], [(new.pem, True), (old.pem, False)])
