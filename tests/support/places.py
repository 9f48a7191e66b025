"""Where certificates are used, in tests: hosts at sites and in clusters, with services and addresses."""

from dcim.models import Interface, Site
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from ipam.models import IPAddress, Service
from utilities.testing import create_test_device, create_test_virtualmachine
from virtualization.models import VMInterface

from netbox_ssl.models import CertificateAssignment

__all__ = ('REFUSING', 'address_on', 'assign', 'device', 'generic', 'machine', 'service_on')

# With the setting that refuses assignments between different tenants
REFUSING = {'netbox_ssl': {**settings.PLUGINS_CONFIG['netbox_ssl'], 'refuse_tenant_mismatch': True}}


def device(name='web-01', **columns):
    site, _ = Site.objects.get_or_create(name='Site 1', slug='site-1')
    return create_test_device(name, **{'site': site, **columns})


def machine(name='app-01', **columns):
    made = create_test_virtualmachine(name)
    for column, value in columns.items():
        setattr(made, column, value)
    made.save()
    return made


def service_on(parent, name='HTTPS'):
    return Service.objects.create(parent=parent, name=name, port_mappings=['tcp/443'])


def address_on(host=None, address='192.0.2.10/24', dns_name='', **columns):
    interface = None
    if host is not None:
        kind = VMInterface if host._meta.model_name == 'virtualmachine' else Interface
        owner = 'virtual_machine' if kind is VMInterface else 'device'
        interface, _ = kind.objects.get_or_create(**{owner: host, 'name': 'eth0'})
    return IPAddress.objects.create(address=address, dns_name=dns_name, assigned_object=interface, **columns)


def assign(certificate, place, **columns) -> CertificateAssignment:
    assignment = CertificateAssignment(certificate=certificate, assigned_object=place, **columns)
    assignment.full_clean()
    assignment.save()
    return assignment


def generic(place) -> dict:
    """Return the generic foreign key to ``place`` for REST."""
    return {'assigned_object_type': place._meta.label_lower, 'assigned_object_id': place.pk}


def form_data(place) -> dict:
    """Return the generic foreign key to ``place`` for the form."""
    object_type = ContentType.objects.get_for_model(place)
    return {'assigned_object_content_type': object_type.pk, 'assigned_object_object_id': place.pk}
