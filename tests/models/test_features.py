"""Certificates have all features of NetBox objects: journal, contacts, tags, owner, custom fields, bookmarks, …"""

from core.models import ObjectChange, ObjectType
from django.urls import reverse
from extras.models import Bookmark, CustomField, JournalEntry, Notification, SavedFilter, Subscription, Tag
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant
from users.models import Owner
from utilities.testing import TestCase, create_tags

from netbox_ssl.models import Certificate
from tests.support.factories import DAY, grant, import_pem, issue_acme, record, successor
from tests.support.lists import listed

LIST = '/plugins/ssl/certificates/'


class FeaturesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        grant(self.user, 'view', 'add', 'change', 'delete')
        self.certificate = record()
        self.type = ObjectType.objects.get_for_model(Certificate)

    def page(self, tab=''):
        response = self.client.get(f'{self.certificate.get_absolute_url()}{tab}')
        self.assertHttpStatus(response, 200)
        return response

    def edit(self, **values):
        data = {'name': 'www.example.net', 'status': 'active', 'is_acme': 'on', 'acme_auto_renewal': 'on', **values}
        data |= {'valid_from': self.certificate.valid_from, 'valid_to': self.certificate.valid_to}
        response = self.client.post(reverse('plugins:netbox_ssl:certificate_edit', args=[self.certificate.pk]), data)
        self.assertHttpStatus(response, 302)
        self.certificate.refresh_from_db()

    def found(self, **parameters) -> list[str]:
        return [certificate.name for certificate in listed(self.client, LIST, parameters)]

    def test_netbox_knows_them(self):
        for feature in (
            'bookmarks',
            'change_logging',
            'cloning',
            'contacts',
            'custom_fields',
            'custom_links',
            'custom_validation',
            'event_rules',
            'export_templates',
            'journaling',
            'notifications',
            'tags',
        ):
            with self.subTest(feature):
                self.assertIn(feature, self.type.features)

    def test_journal(self):
        grant(self.user, 'view', model=JournalEntry)
        JournalEntry.objects.create(assigned_object=self.certificate, created_by=self.user, comments='Called the CA')
        self.assertContains(self.page('journal/'), 'Called the CA')

    def test_contacts(self):
        for model in (Contact, ContactAssignment, ContactRole):
            grant(self.user, 'view', model=model)
        contact = Contact.objects.create(name='Jane Doe')
        role = ContactRole.objects.create(name='On call', slug='on-call')
        ContactAssignment.objects.create(object=self.certificate, contact=contact, role=role)
        record('other')
        self.assertContains(self.page('contacts/'), 'Jane Doe')
        self.assertEqual(self.found(contact=contact.pk), ['www.example.net'])

    def test_tags(self):
        grant(self.user, 'view', model=Tag)
        tags = create_tags('Web', 'Shop')
        record('other')
        self.edit(tags=[tag.pk for tag in tags])
        self.assertCountEqual(self.certificate.tags.all(), tags)
        self.assertContains(self.page(), 'Shop')
        self.assertEqual(self.found(tag='web'), ['www.example.net'])

    def test_owner_and_tenant(self):
        owner = Owner.objects.create(name='Web team')
        tenant = Tenant.objects.create(name='Tenant', slug='tenant')
        for model in (Owner, Tenant):
            grant(self.user, 'view', model=model)
        record('other')
        self.edit(owner=owner.pk, tenant=tenant.pk)
        self.assertEqual((self.certificate.owner, self.certificate.tenant), (owner, tenant))
        self.assertContains(self.page(), 'Web team')
        self.assertEqual(self.found(owner_id=owner.pk), ['www.example.net'])
        self.assertEqual(self.found(tenant='tenant'), ['www.example.net'])

    def test_custom_fields(self):
        field = CustomField.objects.create(name='colour', type='text')
        field.object_types.set([self.type])
        self.edit(cf_colour='blue')
        self.assertEqual(self.certificate.cf['colour'], 'blue')
        self.assertContains(self.page(), 'blue')
        self.assertEqual(self.found(cf_colour='blue'), ['www.example.net'])

    def test_comments_and_description(self):
        self.edit(comments='**bold** comment', description='The shop')
        page = self.page()
        self.assertContains(page, '<strong>bold</strong> comment')
        self.assertContains(page, 'The shop')

    def test_change_log(self):
        grant(self.user, 'view', model=ObjectChange)
        self.edit(description='changed', changelog_message='because')
        change = ObjectChange.objects.get(changed_object_id=self.certificate.pk)
        self.assertEqual((change.action, change.message), ('update', 'because'))
        self.assertEqual(change.postchange_data['renewal_status'], 'OK')
        self.assertContains(self.page('changelog/'), 'because')

    def test_a_deletion_is_logged_and_takes_the_issuances(self):
        certificate = import_pem(issue_acme('b.example.net')).certificate
        url = reverse('plugins:netbox_ssl:certificate_delete', args=[certificate.pk])
        self.assertHttpStatus(self.client.post(url, {'confirm': 'true'}), 302)
        change = ObjectChange.objects.get(changed_object_id=certificate.pk)
        self.assertEqual((change.action, change.prechange_data['name']), ('delete', 'b.example.net'))

    def test_saved_filters(self):
        record('expired', left=-DAY)
        for number, parameters in enumerate(
            ({'renewal_status': ['Expired']}, {'renewal_status': ['expired', 'Manual']}, {'renewal_overdue': 'false'})
        ):
            saved = SavedFilter.objects.create(name=f'{number}', slug=f'{number}', parameters=parameters)
            saved.object_types.set([self.type])
        grant(self.user, 'view', model=SavedFilter)
        for number, names in ((0, ['expired']), (1, ['expired']), (2, ['expired', 'www.example.net'])):
            saved = SavedFilter.objects.get(name=str(number))
            self.assertEqual(sorted(self.found(filter_id=saved.pk)), names)

    def test_table_configuration(self):
        self.user.config.set('tables.CertificateTable.columns', ['name', 'acme_challenge_type'], commit=True)
        names = [column.name for column in self.client.get(LIST).context['table'].columns if column.visible]
        self.assertIn('acme_challenge_type', names)
        self.assertNotIn('valid_to', names)

    def test_bookmarks_and_subscriptions(self):
        # By default NetBox lets users see their own; the configuration of the tests has no such defaults.
        self.add_permissions('extras.view_bookmark')
        Bookmark.objects.create(object=self.certificate, user=self.user)
        self.assertContains(self.client.get('/user/bookmarks/'), 'www.example.net')
        Subscription.objects.create(object=self.certificate, user=self.user)
        self.edit(description='changed')
        self.assertTrue(Notification.objects.filter(user=self.user, object_id=self.certificate.pk).exists())

    def test_a_renewal_keeps_bookmarks_journal_and_contacts(self):
        issued = issue_acme('b.example.net')
        certificate = import_pem(issued).certificate
        Bookmark.objects.create(object=certificate, user=self.user)
        JournalEntry.objects.create(assigned_object=certificate, created_by=self.user, comments='x')
        contact = Contact.objects.create(name='Jane Doe')
        role = ContactRole.objects.create(name='On call', slug='on-call')
        ContactAssignment.objects.create(object=certificate, contact=contact, role=role)
        import_pem(successor(issued))
        certificate.refresh_from_db()
        kept = (certificate.bookmarks, certificate.journal_entries, certificate.contacts)
        self.assertEqual([each.count() for each in kept], [1, 1, 1])
