"""Fill the database of netbox-ssl, by its own models and parser; run by netbox_ssl_export.py in its environment."""

import sys
from datetime import UTC, datetime, timedelta

import django

django.setup()
# Last, so that netbox_ssl is theirs.
sys.path.append(sys.argv[1])

from core.models import ObjectType  # noqa: E402
from dcim.models import Device, DeviceRole, DeviceType, Manufacturer, Site  # noqa: E402
from extras.models import CustomField, JournalEntry, Tag  # noqa: E402
from ipam.models import Service  # noqa: E402
from tenancy.models import Contact, ContactAssignment, ContactRole, Tenant  # noqa: E402
from users.models import User  # noqa: E402
from virtualization.models import VirtualMachine  # noqa: E402

from netbox_ssl.models import (  # noqa: E402
    Certificate,
    CertificateAssignment,
    CertificateAuthority,
    CertificateSigningRequest,
)
from netbox_ssl.utils import CertificateParser  # noqa: E402
from tests.support.certificate_factory import issue, make_ca  # noqa: E402

FIRST = datetime(2026, 1, 10, 12, tzinfo=UTC)
LIFETIME = timedelta(days=90)
LETS_ENCRYPT = make_ca("Let's Encrypt", 'R12', key_id='00B529F22D8E6F31E89B4CAD783EFADCE90CD1D2')
IN_HOUSE = make_ca('Example Corp', 'Example Issuing CA')
DIGICERT = make_ca('DigiCert Inc', 'DigiCert Global G2 TLS RSA SHA256 2020 CA1')


def imported(name, ca, valid_from=FIRST, **fields):
    """Return a certificate as its import makes it, and with ``fields`` as its form sets them."""
    parsed = CertificateParser.parse(issue(name, ca, valid_from, valid_from + LIFETIME).fullchain_pem)
    names = (
        'common_name serial_number fingerprint_sha256 issuer valid_from valid_to sans key_size algorithm '
        'certificate_type pem_content issuer_chain'
    )
    certificate = Certificate(**{each: getattr(parsed, each) for each in names.split()})
    certificate.save()
    certificate.auto_detect_acme(save=True)
    for field, value in fields.items():
        setattr(certificate, field, value)
    certificate.full_clean()
    certificate.save()
    return certificate


def places():
    site = Site.objects.create(name='Site', slug='site')
    manufacturer = Manufacturer.objects.create(name='Manufacturer', slug='manufacturer')
    kind = DeviceType.objects.create(manufacturer=manufacturer, model='Server', slug='server')
    role = DeviceRole.objects.create(name='Role', slug='role')
    device = Device.objects.create(name='web01', site=site, device_type=kind, role=role)
    machine = VirtualMachine.objects.create(name='vm01', site=site)
    service = Service.objects.create(name='https', parent=device, port_mappings=['tcp/443'])
    return device, machine, service


def main():
    user = User.objects.create_superuser('alice')
    tenant = Tenant.objects.create(name='Tenant', slug='tenant')
    tag = Tag.objects.create(name='Production', slug='production')
    certificate_type = ObjectType.objects.get_for_model(Certificate)
    for name in ('cost_center', 'left_behind'):
        CustomField.objects.create(name=name, type='text').object_types.add(certificate_type)
    device, machine, service = places()

    oldest = imported('www.example.com', LETS_ENCRYPT, FIRST - 120 * timedelta(days=1))
    old = imported('www.example.com', LETS_ENCRYPT, FIRST - 60 * timedelta(days=1))
    www = imported(
        'www.example.com',
        LETS_ENCRYPT,
        tenant=tenant,
        comments='Main site',
        private_key_location='vault:secret/tls/www',
        renewal_note='Ask Alice.',
        acme_account_email='admin@example.com',
        acme_challenge_type='dns-01',
        acme_auto_renewal=True,
        acme_renewal_days=20,
        custom_field_data={'cost_center': '4711', 'left_behind': 'x'},
    )
    for before, after in ((oldest, old), (old, www)):
        before.replaced_by, before.status = after, 'replaced'
        before.save()
    www.tags.add(tag)
    authority = CertificateAuthority.objects.create(
        name='Example Corp',
        type='internal',
        issuer_pattern='Example Corp',
        renewal_instructions='Order it in the shop.',
    )
    mail = imported('mail.example.com', IN_HOUSE, status='archived', issuing_ca=authority)
    vpn = imported('vpn.example.com', DIGICERT)
    imported('shop.example.com', IN_HOUSE, status='revoked')
    appliance = Certificate(
        common_name='appliance.example.com',
        serial_number='0A:1B:2C',
        fingerprint_sha256=':'.join(['AB'] * 32),
        issuer='CN=Appliance CA',
        valid_from=FIRST,
        valid_to=FIRST + LIFETIME,
        sans=['appliance.example.com'],
        algorithm='rsa',
        key_size=2048,
    )
    appliance.full_clean()
    appliance.save()

    # Several primary certificates of one object, as its default makes them
    for certificate, place, notes in (
        (www, device, 'nginx'),
        (www, service, ''),
        (vpn, device, ''),
        (mail, machine, ''),
    ):
        CertificateAssignment.objects.create(certificate=certificate, assigned_object=place, notes=notes)
    role = ContactRole.objects.create(name='Owner', slug='owner')
    contact = Contact.objects.create(name='Alice')
    ContactAssignment.objects.create(object=www, contact=contact, role=role, priority='primary')
    JournalEntry.objects.create(assigned_object=www, created_by=user, kind='info', comments='Moved to web01.')
    CertificateSigningRequest.objects.create(common_name='new.example.com', pem_content='-')


if __name__ == '__main__':
    main()
