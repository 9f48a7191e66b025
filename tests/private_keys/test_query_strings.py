"""Private keys in query strings, such as search terms: refused, and not shown again."""

from django.test import override_settings
from utilities.testing import APITestCase, TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import record
from tests.support.key_leaks import WatchingMixin
from tests.support.key_material import short

PAGES = (
    'certificates/',
    'sources/',
    'endpoints/',
    'issuances/',
    'assignments/',
    'suggestions/',
    'by-name/',
    'renewals/',
    'connect/',
)


class PagesTestCase(WatchingMixin, TestCase):
    def setUp(self):
        super().setUp()
        self.permit()
        self.user.is_superuser = True
        self.user.save()

    def test_pages(self):
        made = short()
        for page in PAGES:
            for name in ('q', 'name', 'name__ic', 'unknown'):
                with self.subTest(page, name=name), self.nothing_kept(made):
                    path = f'/plugins/ssl/{page}'
                    response = self.client.get(path, {name: ['a', made.text]}, follow=True)
                    self.assertEqual(response.redirect_chain, [(path, 302)])
                    self.assertRefused(response, made)

    def test_the_name_of_a_parameter(self):
        made = short()
        response = self.client.get('/plugins/ssl/certificates/', {made.text: ''}, follow=True)
        self.assertRefused(response, made)

    def test_parts_of_a_page(self):
        made = short()
        response = self.client.get('/plugins/ssl/certificates/', {'q': made.text}, headers={'HX-Request': 'true'})
        self.assertRefused(self.client.get(response.url), made)

    def test_the_calendar_is_never_shown_with_one(self):
        made = short()
        response = self.client.get('/plugins/ssl/renewals.ics', {'q': made.text})
        self.assertNotIn(made.secrets[0], response.content.decode() + str(response.headers))

    def test_other_terms_are_searched(self):
        record(name='www.example.net')
        response = self.client.get('/plugins/ssl/certificates/', {'q': 'example'})
        self.assertContains(response, 'www.example.net')

    def test_pages_of_netbox_are_not_touched(self):
        self.assertEqual(self.client.get('/dcim/sites/', {'q': short().text}).status_code, 200)


class RESTTestCase(WatchingMixin, APITestCase):
    def setUp(self):
        super().setUp()
        self.permit()
        for number in range(3):
            record(name=f'{number}.example.net')

    def test_endpoints(self):
        made = short()
        for path in ('certificates/', 'sources/', f'certificates/{Certificate.objects.first().pk}/', 'status/'):
            for name in ('q', 'name', 'limit', 'unknown'):
                with self.subTest(path, name=name):
                    url = f'/api/plugins/ssl/{path}'
                    response = self.client.get(url, {name: made.text, 'offset': '1'}, **self.header)
                    self.assertRefused(response, made, codes=(400,))
                    self.assertEqual(list(response.json()), [name])

    @override_settings(PAGINATE_COUNT=1)
    def test_the_links_of_other_pages(self):
        response = self.client.get('/api/plugins/ssl/certificates/', {'q': 'example', 'limit': 1}, **self.header)
        self.assertIn('q=example', response.json()['next'])
