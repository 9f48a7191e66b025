"""Certificates written together are equal to certificates written one at a time."""

import uuid

from core.models import ObjectChange, ObjectType
from django.test import TransactionTestCase, override_settings
from extras.choices import CustomFieldTypeChoices
from extras.models import CachedValue, CustomField, Tag
from netbox.context import events_queue
from netbox.context_managers import event_tracking
from tenancy.models import Tenant
from utilities.request import NetBoxFakeRequest

from netbox_ssl import intake
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from tests.support.factories import DAY, issue_acme, superuser

# Fields that differ between any two objects
OF_ITS_OWN = {
    'id',
    'pk',
    'created',
    'last_updated',
    'time',
    'request_id',
    'changed_object_id',
    'object_id',
    'certificate_id',
    'issuance_id',
    'reported_at',
    'issuance_since',
    'silent_scaled_at',
    'announced_until',
    # At once, from the moment of the import
    'ari_next_check',
    'timestamp',
    'certificate',
    'issuance',
}


@override_settings(RQ={'COMMIT_MODE': 'auto'})
class TogetherTestCase(TransactionTestCase):
    def setUp(self):
        self.user = superuser()
        self.tenant = Tenant.objects.create(name='Tenant', slug='tenant')
        self.tags = [Tag.objects.create(name=name, slug=name.lower()) for name in ('Bravo', 'Alpha')]
        field = CustomField.objects.create(name='room', type=CustomFieldTypeChoices.TYPE_TEXT, default='R1')
        other = CustomField.objects.create(name='rack', type=CustomFieldTypeChoices.TYPE_TEXT)
        for custom_field in (field, other):
            custom_field.object_types.set([ObjectType.objects.get_for_model(Certificate)])
        attributes = {
            'acme_auto_renewal': True,
            'acme_account_email': 'tls@example.com',
            'tenant': self.tenant,
            'tags': self.tags,
            'custom_field_data': {'rack': '7'},
            'description': 'Imported',
        }
        issued = [issue_acme(f'www{number}.example.net', 45 * DAY) for number in range(5)]
        self.items = [
            intake.Item(
                intake.read_single(each.fullchain_pem),
                dict(attributes),
                external_id=f'certbot:web:{number}',
                message='Nightly',
            )
            for number, each in enumerate(issued)
        ]

    def request(self):
        return NetBoxFakeRequest(
            {
                'META': {},
                'COOKIES': {},
                'POST': {},
                'GET': {},
                'FILES': {},
                'user': self.user,
                'path': '/',
                'id': uuid.uuid4(),
            }
        )

    def imported(self, work) -> dict:
        """Return all written data as lists of plain rows."""
        with event_tracking(self.request()):
            work()
            events = [
                (event['event_type'], event['object_type'].model, strip(event['snapshots']['postchange']))
                for event in events_queue.get().values()
            ]
        written = {
            'events': sorted(events, key=str),
            'certificates': rows(Certificate),
            'issuances': rows(Issuance),
            'sources': rows(CertificateSource),
            'changes': sorted((strip_change(change) for change in ObjectChange.objects.values()), key=str),
            'tags': sorted(
                (certificate.name, sorted(certificate.tags.values_list('name', flat=True)))
                for certificate in Certificate.objects.all()
            ),
            'search': sorted(
                CachedValue.objects.filter(object_type__app_label='netbox_ssl').values_list(
                    'object_type__model', 'field', 'type', 'weight', 'value'
                )
            ),
        }
        Certificate.objects.all().delete()
        ObjectChange.objects.all().delete()
        CachedValue.objects.all().delete()
        return written

    def test_written_together_as_written_one_at_a_time(self):
        separately = self.imported(lambda: [intake.take_in_item(item, self.user) for item in self.items])
        together = self.imported(lambda: intake.take_in_many(self.items, self.user))
        self.assertEqual(len(together['certificates']), 5)
        self.assertTrue(together['search'])
        self.assertEqual(len(together['changes']), 10)
        for kind in separately:
            with self.subTest(kind=kind):
                self.assertEqual(together[kind], separately[kind])


def strip(columns: dict) -> dict:
    return {name: value for name, value in columns.items() if name not in OF_ITS_OWN}


def strip_change(change: dict) -> dict:
    return {**strip(change), 'postchange_data': strip(change['postchange_data'])}


def rows(model) -> list[dict]:
    return sorted((strip(row) for row in model.objects.values()), key=str)
