"""Every page in German has no English text of ours."""

import re
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

from django.conf import settings
from django.utils.translation import get_language, override
from utilities.testing import TestCase

from dev import translations
from netbox_ssl.event_types import EVENT_TYPES
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.endpoints import check, endpoint
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, record, successor, superuser
from tests.support.places import address_on, assign, device, machine, service_on
from tests.support.urls import PAGES, urls_of

GERMAN = {'HTTP_ACCEPT_LANGUAGE': 'de'}
PLACEHOLDER = re.compile(r'%\(\w+\)[a-z]|%[sd]|\{[^}]*\}|%%')
# Texts of event types, which NetBox writes into JSON and does not translate; a label of its forms that is not lazy
NETBOX = {*EVENT_TYPES.values(), 'Changelog message'}
ATTRIBUTES = ('title', 'placeholder', 'alt', 'aria-label', 'data-bs-title', 'value')
# What browsers do not show, and names of programs and fields
HIDDEN = ('script', 'style', 'code', 'pre', 'textarea')


@cache
def english() -> tuple[set[str], list[re.Pattern]]:
    """Return our texts that are different in German: those without placeholders, and patterns of the others."""
    plain, patterns = set(), []
    netbox = {each.id for folder in settings.LOCALE_PATHS for each in read_netbox(folder)}
    for message in translations.read(translations.LOCALE / 'de' / 'LC_MESSAGES' / 'django.po'):
        texts = [message.id] if isinstance(message.id, str) else message.id
        if message.id in netbox or texts[0] in NETBOX or message.string == message.id:
            continue
        for text in texts:
            text = ' '.join(text.split())
            parts = [re.escape(part) for part in PLACEHOLDER.split(text)]
            if len(parts) > 1 and sum(map(len, parts)) > 10:
                patterns.append(re.compile('.+?'.join(parts)))
            # Words in lower case are also names of fields.
            elif len(parts) == 1 and (' ' in text or text[:1].isupper()):
                plain.add(text)
    return plain, patterns


def read_netbox(folder: str):
    """Return the texts of NetBox, which it translates itself, or not."""
    return translations.read(Path(folder) / 'de' / 'LC_MESSAGES' / 'django.po')


class Texts(HTMLParser):
    """Collects what a page shows."""

    def __init__(self, html: str):
        super().__init__()
        self.texts, self._hidden = set(), []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        if tag in HIDDEN:
            self._hidden.append(tag)
        given = dict(attributes)
        for name in ATTRIBUTES:
            if name != 'value' or given.get('type') in ('submit', 'button'):
                self.texts.add(' '.join((given.get(name) or '').split()))

    def handle_endtag(self, tag):
        if tag in self._hidden:
            self._hidden.remove(tag)

    def handle_data(self, data):
        if not self._hidden:
            self.texts.add(' '.join(data.split()))


def english_texts(html: str) -> list[str]:
    plain, patterns = english()
    return sorted(
        text
        for text in Texts(html).texts
        if text in plain or (len(text) > 10 and any(pattern.fullmatch(text) for pattern in patterns))
    )


class GermanPagesTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        old = issue_acme('www.example.net', 5 * DAY)
        cls.certificate = import_pem(old, acme_auto_renewal=True, acme_renewal_days=10).certificate
        import_pem(successor(old, 10 * DAY))
        expired = record('expired.example.net', -DAY)
        record('manual.example.net', 20 * DAY, acme_auto_renewal=False)
        record('retired.example.net', status='retired')
        record('revoked.example.net', status='revoked', is_acme=False, acme_auto_renewal=False)
        import_pem(issue_acme('inside.example.net', ca=in_house_ca()))
        cls.issuance = cls.certificate.issuances.order_by('valid_from').first()
        cls.source = CertificateSource.objects.create(
            certificate=cls.certificate, external_id='certbot:web-01:www.example.net', issuance=cls.issuance
        )
        cls.places = [device(), machine(), address_on()]
        cls.places.append(service_on(cls.places[0]))
        cls.assignment = [assign(cls.certificate, place) for place in cls.places][0]
        assign(expired, cls.places[0])
        cls.endpoint = endpoint()
        for result in ('name_mismatch', 'untrusted', 'refused', 'ok'):
            check(result)
        endpoint('silent.example.net')

    def setUp(self):
        super().setUp()
        # Requests change the language of the process.
        self.enterContext(override(get_language()))
        self.client.force_login(superuser())

    def pk_of(self, name: str) -> int:
        for word in ('assignment', 'source', 'issuance', 'endpoint'):
            if word in name:
                return getattr(self, word).pk
        return self.certificate.pk

    def assertGerman(self, url: str, **data):
        answer = (
            self.client.post(url, data, follow=True, **GERMAN) if data else self.client.get(url, follow=True, **GERMAN)
        )
        self.assertLess(answer.status_code, 500, url)
        if answer.headers.get('Content-Type', '').startswith('text/html'):
            html = answer.content.decode()
            self.assertEqual(answer.headers['Content-Language'], 'de')
            self.assertEqual(english_texts(html), [], url)

    def test_every_page(self):
        arguments = {
            'page': 'index',
            'name': 'certbot.sh',
            'client': 'certbot',
            'job': 1,
            'key': '1-0123456789abcdefgh',
        }
        urls = urls_of(PAGES, pk=self.pk_of, **arguments)
        self.assertGreater(len(urls), 40)
        for name, url in urls.items():
            # The documentation is in English.
            if not name.startswith('documentation'):
                with self.subTest(name):
                    self.assertGerman(url)

    def test_filters_and_searches(self):
        for query in ('by-name/?name=www.example.net', 'by-name/?name=nowhere.example.net', 'certificates/?q=nothing'):
            with self.subTest(query):
                self.assertGerman(f'/plugins/ssl/{query}')

    def test_pages_of_netbox(self):
        for place in self.places:
            with self.subTest(place):
                self.assertGerman(place.get_absolute_url())
                self.assertGerman(f'{place.get_absolute_url()}certificates/')

    def test_forms_with_errors(self):
        for url, data in (
            ('certificates/add/', {'name': 'x', 'pem': 'no certificate'}),
            ('certificates/add/', {'name': ''}),
            ('certificates/smart-paste/', {'text': 'no certificate'}),
            ('certificates/smart-paste/', {'text': issue_acme('new.example.net').fullchain_pem}),
            ('certificates/smart-paste/', {'text': issue_acme().key_pem}),
            ('sources/add/', {'external_id': ''}),
            ('assignments/add/', {'note': 'x'}),
        ):
            with self.subTest(url, data=list(data)):
                self.assertGerman(f'/plugins/ssl/{url}', **data)

    def test_an_empty_inventory(self):
        Certificate.objects.all().delete()
        for url in ('certificates/', 'renewals/', 'by-name/', 'sources/', 'endpoints/', 'suggestions/', 'connect/'):
            with self.subTest(url):
                self.assertGerman(f'/plugins/ssl/{url}')

    def test_english_is_found(self):
        """The test must be able to fail."""
        self.assertEqual(english_texts('<h1>Valid from</h1><p>Gültig ab</p>'), ['Valid from'])
        self.assertEqual(english_texts('<a title="Detect ACME on 5 certificates">x</a>')[0][:11], 'Detect ACME')
