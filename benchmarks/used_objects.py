"""
A certificate and a device as they are when they are used, to run within NetBox: each with a tenant, contacts, tags, and
what belongs to it. And two users: one who may do everything, and one who may do everything but to the plugin's objects.
"""

from datetime import timedelta

from core.models import ObjectType
from dcim.models import Device, Interface
from extras.models import Tag
from ipam.models import Service
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant, TenantGroup
from users.models import ObjectPermission, User

from netbox_ssl.models import Certificate
from tests.support import places
from tests.support.endpoints import check, endpoint, seen
from tests.support.factories import issue_acme, successor
from tests.support.reporting import report

__all__ = ('create_users', 'make_used')

NAME = 'shop.example.net'
HOST = 'lb-01'
RENEWALS = 4
INTERFACES = 24
ACTIONS = ['view', 'add', 'change', 'delete']


def make_used() -> tuple[Certificate, Device]:
    """Create both, and return them."""
    group = TenantGroup.objects.create(name='Customers', slug='customers')
    tenant = Tenant.objects.create(name='Shop', slug='shop', group=group)
    tags = [Tag.objects.create(name=name, slug=name) for name in ('production', 'public')]
    device = _device(tenant)
    certificate = _certificate(tenant, device)
    role = ContactRole.objects.create(name='On call', slug='on-call')
    for number, name in enumerate(('Web team', 'Network team')):
        contact = Contact.objects.create(name=name, email=f'{number}@example.org')
        for instance in (device, certificate):
            ContactAssignment.objects.create(object=instance, contact=contact, role=role, priority='primary')
    for instance in (device, certificate):
        instance.tags.set(tags)
    return certificate, device


def _device(tenant: Tenant) -> Device:
    """Return a device with interfaces, an address and services."""
    device = places.device(HOST, tenant=tenant, description='Load balancer', serial='FOC1234X567')
    Interface.objects.bulk_create(
        Interface(device=device, name=f'Ethernet{number}', type='10gbase-x-sfpp') for number in range(INTERFACES)
    )
    device.primary_ip4 = places.address_on(device, '192.0.2.10/24', dns_name=f'{HOST}.example.net')
    device.save()
    for name in ('HTTP', 'HTTPS', 'SSH'):
        places.service_on(device, name)
    return device


def _certificate(tenant: Tenant, device: Device) -> Certificate:
    """Return a certificate that two hosts report and a monitor sees, with its past issuances, used by the device."""
    issued = issue_acme([NAME, f'www.{NAME}', f'api.{NAME}'])
    past = [successor(issued, timedelta(days=-60) * number) for number in range(RENEWALS, 0, -1)]
    for each in (*past, issued):
        certificate = report(HOST, each, lineage='shop').certificate
    report('lb-02', issued, 'copy', lineage='shop')
    endpoint(NAME)
    seen(issued, f'{NAME}:443')
    check('ok', NAME)
    certificate.refresh_from_db()
    certificate.tenant, certificate.description = tenant, 'The shop'
    certificate.save()
    places.assign(certificate, device)
    places.assign(certificate, Service.objects.get(name='HTTPS', parent_object_id=device.pk))
    return certificate


def create_users(password: str, engineer: str, others: str) -> None:
    """
    Create two users by their names: ``engineer`` may do everything; to ``others``, NetBox shows its pages without what
    the plugin adds to them.
    """
    for name, types in (
        (engineer, ObjectType.objects.all()),
        (others, ObjectType.objects.exclude(app_label=Certificate._meta.app_label)),
    ):
        user = User.objects.create_user(name, password=password)
        permission = ObjectPermission.objects.create(name=name, actions=ACTIONS)
        permission.users.add(user)
        permission.object_types.set(types)
