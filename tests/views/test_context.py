"""No page of the plugin hides the variables that NetBox's own templates read, such as ``settings``."""

from django.template import RequestContext
from django.template.engine import Engine
from django.test import RequestFactory
from django.test.signals import template_rendered
from utilities.testing import TestCase

from netbox_ssl.places.suggestions import find_all
from tests.support.endpoints import endpoint
from tests.support.factories import issue_acme, superuser
from tests.support.places import assign, device
from tests.support.reporting import report
from tests.support.urls import ARGUMENTS, PAGES, pk_of, urls_of


class ContextTestCase(TestCase):
    @classmethod
    def setUpTestData(cls):
        certificate = report('a', issue_acme()).certificate
        cls.device = device()
        assign(certificate, cls.device)
        endpoint('www.example.net', expected_certificate=certificate)
        device('www.example.net')
        find_all()

    def setUp(self):
        super().setUp()
        self.client.raise_request_exception = False
        self.client.force_login(superuser())
        self.hidden = {}
        template_rendered.connect(self._look)
        self.addCleanup(template_rendered.disconnect, self._look)

    def _look(self, sender, template, context, **kwargs):
        """Note the variables of context processors that have another kind of value in a page."""
        # Only a page has the variables; its parts, such as inclusion tags, may have contexts of their own. Templates
        # without a name are the cells of NetBox's tables, which get only a part of the request.
        index = getattr(context, '_processors_index', None)
        if not isinstance(context, RequestContext) or index is None or template.name is None:
            return
        given = context.dicts[index]
        for layer in context.dicts[index + 1 :]:
            for name in given.keys() & layer.keys():
                if not isinstance(layer[name], type(given[name])):
                    self.hidden.setdefault(name, set()).add(template.name)

    def test_the_processors_are_those_of_netbox(self):
        request = RequestFactory().get('/')
        request.user = superuser()
        names = set()
        for processor in Engine.get_default().template_context_processors:
            names |= processor(request).keys()
        self.assertLessEqual({'settings', 'config', 'registry', 'preferences', 'perms', 'user', 'messages'}, names)

    def test_no_page_hides_them(self):
        urls = urls_of(PAGES, **ARGUMENTS)
        urls['a device'] = self.device.get_absolute_url()
        answered = 0
        for name, url in urls.items():
            for method, data in (('get', {'name': 'www.example.net'}), ('post', {'pk': pk_of('certificate')})):
                with self.subTest(name, method=method):
                    answered += getattr(self.client, method)(url, data).status_code == 200
        self.assertGreater(answered, len(urls) / 2)
        self.client.post(urls['certificate_smart_paste'], {'text': issue_acme('new.example.net').pem})
        self.assertEqual(self.hidden, {})
