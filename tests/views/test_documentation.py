"""The documentation inside NetBox, which the Help button of each form opens."""

import re
from pathlib import Path
from unittest.mock import patch

import markdown
from django.urls import reverse
from utilities.testing import TestCase

from netbox_ssl import utilities
from netbox_ssl.models import Certificate
from netbox_ssl.views import documentation, documentation_markdown
from tests.support.factories import grant, import_pem, issue_acme

DOCS = Path(__file__).resolve().parents[2] / 'docs'


class DocumentationTestCase(TestCase):
    def get(self, page='index'):
        return self.client.get(documentation.documentation_url(page))

    def test_help_leads_to_a_page(self):
        certificate = import_pem(issue_acme()).certificate
        for each in (certificate, certificate.issuances.get()):
            with self.subTest(each):
                self.assertEqual(self.client.get(each.docs_url).status_code, 200, each.docs_url)

    def test_the_forms_have_the_link(self):
        grant(self.user, 'add', 'change', 'view')
        certificate = import_pem(issue_acme()).certificate
        for name, kwargs in (('certificate_add', {}), ('certificate_edit', {'pk': certificate.pk})):
            with self.subTest(name):
                response = self.client.get(reverse(f'plugins:netbox_ssl:{name}', kwargs=kwargs))
                self.assertContains(response, f'href="{Certificate().docs_url}"')

    def test_all_pages_render_and_their_links_lead_somewhere(self):
        pages = [path.relative_to(DOCS).with_suffix('').as_posix() for path in DOCS.rglob('*.md')]
        self.assertIn('index', pages)
        # Target → a page that links to it
        targets = {}
        for page in pages:
            response = self.get(page)
            self.assertEqual(response.status_code, 200, page)
            for target in re.findall(r'href="(/plugins/ssl/docs/[^"#]*)', response.content.decode()):
                targets[target] = page
        for target in targets.keys() - {documentation.documentation_url(page) for page in pages}:
            with self.subTest(page=targets[target], target=target):
                self.assertEqual(self.client.get(target).status_code, 200)

    def test_the_contents_lead_to_every_page(self):
        linked = set(re.findall(r'href="/plugins/ssl/docs/([^"#]*)/"', self.get().content.decode()))
        pages = {path.relative_to(DOCS).with_suffix('').as_posix() for path in DOCS.rglob('*.md')}
        self.assertEqual(pages - linked - {'index'}, set())

    def test_the_way_back(self):
        response = self.get('how-to/calendar')
        for url in ('/plugins/ssl/certificates/', documentation.documentation_url()):
            self.assertContains(response, f'<li class="breadcrumb-item"><a href="{url}">')

    def test_boxes_tables_and_code(self):
        html = self.get('how-to/clients/kubernetes').content.decode()
        self.assertIn('<div class="alert alert-warning d-block" role="note">', html)
        self.assertNotIn('admonition', html)
        html = self.get('reference/rest-api').content.decode()
        self.assertEqual(html.count('<table'), html.count('<div class="table-responsive"><table class="table">'))
        blocks = re.findall(r'<code id="(code-\d+)"', html)
        self.assertGreater(len(blocks), 10)
        self.assertEqual(len(blocks), html.count('<pre '))
        self.assertEqual(re.findall(r'data-clipboard-target="#(code-\d+)"', html), blocks)

    def test_all_blocks_of_code_are_blocks(self):
        """Those in lists, too: inside NetBox and on the website."""
        (listed,) = re.findall(
            r'^markdown_extensions:\n((?: .*\n)+)', (DOCS.parent / 'mkdocs.yml').read_text(), re.MULTILINE
        )
        configured = re.findall(r'^  - ([\w.]+)', listed, re.MULTILINE)
        for path in DOCS.rglob('*.md'):
            page, text = path.relative_to(DOCS).with_suffix('').as_posix(), path.read_text(encoding='utf-8')
            fences = len(re.findall(r'^ *```', text, re.MULTILINE)) // 2
            with self.subTest(page):
                self.assertEqual(documentation_markdown.to_html(text).count('<pre '), fences)
                self.assertEqual(markdown.markdown(text, extensions=configured).count('<pre'), fences)

    def test_the_address_of_this_netbox_is_in_the_examples(self):
        response = self.get('how-to/calendar')
        self.assertContains(response, 'http://testserver/plugins/ssl/renewals.ics?token=TOKEN')
        self.assertNotContains(response, 'netbox.example.com')

    def test_files_to_download(self):
        for name in ('alert-rules.yml', 'grafana-dashboard.json'):
            page = f'how-to/prometheus/{name}'
            with self.subTest(name):
                self.assertContains(self.get('how-to/prometheus'), f'href="{documentation.documentation_url(page)}"')
                response = self.get(page)
                self.assertIn(f'filename="{name}"', response['Content-Disposition'])
                self.assertEqual(b''.join(response.streaming_content), (DOCS / page).read_bytes())
        self.assertEqual(self.get('../.github/workflows/ci.yml').status_code, 404)

    def test_other_paths_are_not_found(self):
        for page in (
            'nowhere',
            '../README',
            '../../etc/passwd',
            '/etc/passwd',
            'index.md',
            'reference',
            '..%2fREADME',
            '%00',
            '%F6',
            'a' * 5000,
            '%',
            '…',
        ):
            with self.subTest(page):
                response = self.client.get(f'/plugins/ssl/docs/{page}/')
                self.assertEqual(response.status_code, 404)

    def test_it_needs_a_login_as_all_of_netbox(self):
        self.client.logout()
        self.assertEqual(self.get().status_code, 302)

    def test_without_the_files_there_is_a_message_and_no_server_error(self):
        with patch.object(utilities, 'PACKAGE', Path('/nonexistent/netbox_ssl')):
            self.assertEqual(self.get().status_code, 404)
