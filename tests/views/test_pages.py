"""The plugin's parts of NetBox's pages: texts, links, menu, empty states."""

from core.models import ObjectType
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone
from extras.models import ExportTemplate
from netbox.navigation.menu import get_menus
from users.models import User
from utilities.testing import TestCase

from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance
from tests.support.factories import DAY, end_chain, grant, import_pem, issue_acme, record, successor
from tests.support.lists import listed

LIST = '/plugins/ssl/certificates/'


class DetailTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def page(self, certificate):
        return self.client.get(certificate.get_absolute_url())

    def test_the_status_shows_since_or_until_when(self):
        for columns, badge, text in (
            ({'left': 42 * DAY}, 'OK', 'due in 1\xa0week, 4\xa0days'),
            ({'left': 20 * DAY}, 'Due', 'since 1\xa0week, 3\xa0days ago'),
            ({'left': -3 * DAY}, 'Expired', 'since 3\xa0days ago'),
            ({'left': 42 * DAY, 'acme_auto_renewal': False}, 'Manual', 'it is not renewed automatically'),
        ):
            with self.subTest(badge):
                html = self.page(record(**columns)).content.decode()
                self.assertRegex(html, rf'badge text-bg-\w+">{badge}</span>')
                self.assertIn(text, html)
                self.assertNotIn('Overdue since', html)

    def test_overdue(self):
        self.assertContains(self.page(record(left=5 * DAY)), 'Overdue since')

    def test_no_status_without_acme(self):
        response = self.page(record(is_acme=False, acme_auto_renewal=False))
        self.assertNotContains(response, 'due in')

    def test_renewal_is_only_due_where_a_client_renews(self):
        for columns, is_shown in (
            ({}, True),
            ({'acme_auto_renewal': False}, False),
            ({'is_acme': False, 'acme_auto_renewal': False}, False),
        ):
            # With another mark than the usual date of renewal, which the page shows
            certificate = record(expiry_marks=[5], **columns)
            html = self.page(certificate).content.decode()
            for moment in (certificate.due_at(), certificate.overdue_at()):
                with self.subTest(columns, moment=moment):
                    self.assertEqual(f'{timezone.localtime(moment):%Y-%m-%d}' in html, is_shown)

    def test_renewed_by_hand_with_a_chain_that_expires_first(self):
        html = self.page(end_chain(record(acme_auto_renewal=False), 5 * DAY)).content.decode()
        self.assertIn('it is not renewed automatically', html)
        self.assertIn('Chain expires in 4 days', html)
        self.assertNotIn('expires in 1\xa0month', html, 'the certificate itself')

    def test_the_warning_about_renewal_days(self):
        self.assertContains(self.page(record(acme_renewal_days=90)), 'always due')
        self.assertNotContains(self.page(record(acme_renewal_days=89)), 'always due')

    def test_acme_facts_and_pem(self):
        issued = issue_acme(['www.example.net', 'example.net'])
        certificate = import_pem(issued, acme_challenge_type='tls-alpn-01', acme_server_url='https://ca/x').certificate
        response = self.page(certificate)
        for text in ('TLS-ALPN-01', 'https://ca/x', 'Let&#x27;s Encrypt', 'example.net', certificate.serial_number):
            self.assertContains(response, text)
        for pem in (issued.pem, issued.chain_pem):
            self.assertContains(response, pem.splitlines()[1])

    def test_the_server_url_is_not_a_link(self):
        response = self.page(record(acme_server_url='https://ca.example.net/x'))
        self.assertNotContains(response, 'href="https://ca.example.net/x"')

    def test_data_from_outside_is_shown_as_text(self):
        certificate = record('<b>name</b>', subject='<script>alert(1)</script>', subject_alt_names=['<i>x</i>'])
        response = self.page(certificate)
        for markup in ('<b>name', '<script>alert(1)', '<i>x</i>'):
            self.assertNotContains(response, markup)

    def test_many_names_are_folded(self):
        certificate = record(subject_alt_names=[f'n{number}.example.net' for number in range(30)])
        self.assertContains(self.page(certificate), 'All 30 names')

    def test_help(self):
        grant(self.user, 'add')
        response = self.client.get(reverse('plugins:netbox_ssl:certificate_add'))
        self.assertContains(response, f'href="{Certificate().docs_url}"')


class ListTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view')

    def test_empty_states(self):
        self.assertContains(self.client.get(LIST), 'No certificates match')
        grant(self.user, 'view', model=Issuance)
        self.assertContains(self.client.get('/plugins/ssl/issuances/'), 'No issuances yet')

    def test_default_columns_and_status(self):
        record('expired', left=-DAY)
        response = self.client.get(LIST)
        columns = [str(column.name) for column in response.context['table'].columns if column.name != 'pk']
        self.assertLessEqual({'name', 'status', 'renewal_status', 'valid_to', 'acme_provider'}, set(columns))
        self.assertContains(response, 'Expired')

    def test_it_can_be_sorted_by_status(self):
        for name, columns in (
            ('manual', {'acme_auto_renewal': False}),
            ('ok', {}),
            ('expired', {'left': -DAY}),
            ('due', {'left': 20 * DAY}),
        ):
            record(name, **columns)
        for sort, names in (('renewal_status', ['due', 'expired', 'manual', 'ok']),):
            for prefix, expected in (('', names), ('-', names[::-1])):
                self.assertEqual([each.name for each in listed(self.client, f'{LIST}?sort={prefix}{sort}')], expected)

    def test_filtering(self):
        record('ok')
        record('expired', left=-DAY)
        response = self.client.get(f'{LIST}?renewal_status=Expired')
        self.assertEqual([row.record.name for row in response.context['table'].rows], ['expired'])
        form = response.context['filter_form']
        for name in ('renewal_status', 'is_acme', 'acme_provider', 'acme_auto_renewal'):
            self.assertIn(name, form.fields)
        for name in ('is_acme', 'acme_auto_renewal', 'renewal_overdue'):
            self.assertEqual(len(form.fields[name].widget.choices), 3, name)

    def test_csv_export(self):
        record('expired', left=-DAY, acme_provider='ZeroSSL')
        header, row = self.client.get(f'{LIST}?export=table&include_columns=days_left').content.decode().splitlines()
        for name in ('Renewal Status', 'ACME Provider', 'Days Left', 'Valid To'):
            self.assertIn(name, header)
        for value in ('expired', 'Expired', 'ZeroSSL', '-1'):
            self.assertIn(value, row)

    def test_yaml_export_can_be_imported_again(self):
        grant(self.user, 'add')
        record('typed', left=-DAY, acme_provider='ZeroSSL', serial_number='0A1B', subject_alt_names=['a.example.net'])
        import_pem(issue_acme(), acme_auto_renewal=True, comments='two\nlines')
        text = self.client.get(f'{LIST}?export').content.decode()
        self.assertIn('renewal_status: Expired', text)
        # Times of the import, and what a user has set
        ignored = {'id', 'created', 'last_updated', 'renewal_due_at', 'acme_pinned_fields', 'ari_next_check'}
        ignored.add('announced_until')
        columns = [field.name for field in Certificate._meta.fields if field.name not in ignored]
        before = list(Certificate.objects.values(*columns))
        Certificate.objects.all().delete()
        data = {'data': text, 'format': 'yaml', 'import_method': 'direct', 'csv_delimiter': 'auto'}
        self.assertEqual(self.client.post(f'{LIST}import/', data).status_code, 302)
        self.assertEqual(list(Certificate.objects.values(*columns)), before)

    def test_export_template(self):
        record('expired', left=-DAY)
        code = '{% for each in queryset %}{{ each.name }}: {{ each.renewal_status }}{% endfor %}'
        template = ExportTemplate.objects.create(name='Status', template_code=code)
        template.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        grant(self.user, 'view', model=ExportTemplate)
        response = self.client.get(f'{LIST}?export=Status')
        self.assertEqual(response.content.decode(), 'expired: Expired')

    def test_the_smart_paste_button_needs_the_permission_to_add(self):
        url = reverse('plugins:netbox_ssl:certificate_smart_paste')
        self.assertNotContains(self.client.get(LIST), f'href="{url}" class="btn')
        grant(self.user, 'add')
        self.assertContains(self.client.get(LIST), f'href="{url}" class="btn')

    def test_issuances_cannot_be_added_or_edited(self):
        grant(self.user, 'view', 'add', 'change', 'delete', model=Issuance)
        issuance = import_pem(issue_acme()).certificate.issuances.get()
        for url in ('/plugins/ssl/issuances/add/', '/plugins/ssl/issuances/import/', '/plugins/ssl/issuances/delete/'):
            self.assertEqual(self.client.get(url).status_code, 404, url)
        for action in ('edit', 'delete'):
            self.assertEqual(self.client.get(f'{issuance.get_absolute_url()}{action}/').status_code, 404)


class HistoryTestCase(TestCase):
    def test_the_issuances_of_a_certificate(self):
        grant(self.user, 'view')
        grant(self.user, 'view', model=Issuance)
        old = issue_acme(serial_number=0x0A1B)
        import_pem(old)
        certificate = import_pem(successor(old, serial_number=0x0A2B)).certificate
        import_pem(issue_acme('other.example.net', serial_number=0x0FFF))
        url = reverse('plugins:netbox_ssl:certificate_history', kwargs={'pk': certificate.pk})
        self.assertContains(self.client.get(certificate.get_absolute_url()), url)
        response = self.client.get(url)
        self.assertContains(response, '0A1B')
        self.assertContains(response, '0A2B')
        self.assertNotContains(response, '0FFF')


class MenuTestCase(TestCase):
    def items(self) -> dict:
        """Return label → whether it is shown to this user."""
        request = RequestFactory().get('/')
        request.user = self.user
        menu = next(menu for menu in get_menus() if str(menu.label) == 'Certificates')
        items = [item for group in menu.groups for item in group.items]
        for item in items:
            self.assertTrue(reverse(item.link))
        return {str(item.link_text): self.user.has_perms(item.permissions) for item in items}

    def test_each_needs_its_permission(self):
        self.assertFalse(any(self.items().values()))
        for model, action, *labels in (
            (Certificate, 'view', 'Overview', 'Renewals', 'Check a name', 'Certificates', 'Documentation'),
            (Certificate, 'add', 'Smart Paste'),
            (Issuance, 'view', 'History'),
            (CertificateSource, 'view', 'Reporting hosts', 'Connect a client'),
            (CertificateAssignment, 'view', 'Assignments'),
            (CertificateAssignment, 'add', 'Suggestions'),
            (Endpoint, 'view', 'Endpoints'),
        ):
            permission = grant(self.user, action, model=model)
            # Permissions are cached on the user object.
            self.user = User.objects.get(pk=self.user.pk)
            with self.subTest(labels):
                self.assertEqual([name for name, shown in self.items().items() if shown], labels)
            permission.delete()

    def test_no_address_begins_with_another_one(self):
        # NetBox highlights each entry whose address the current one begins with.
        menu = next(menu for menu in get_menus() if str(menu.label) == 'Certificates')
        addresses = [str(item.url) for group in menu.groups for item in group.items]
        for address in addresses:
            self.assertEqual([each for each in addresses if address.startswith(each)], [address])

    def test_it_is_on_the_page(self):
        grant(self.user, 'view')
        response = self.client.get('/')
        self.assertContains(response, 'href="/plugins/ssl/certificates/"')
        self.assertNotContains(response, 'href="/plugins/ssl/issuances/"')
