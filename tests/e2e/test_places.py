"""From a device to its certificates and back, in the browser; takes pictures of the panels, in light and dark mode."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import choose, expect_text, follow, pictures
from tests.e2e.test_person import R13
from tests.support.certificate_factory import issue, make_ca


@pytest.fixture
def inventory(api, empty_afterwards):
    """
    Create a site with a device, its service and address, a virtual machine in a cluster, and a contact; no assignments.
    """
    made = []

    def make(path, **data):
        made.append((path, api.post(path, data)))
        return made[-1][1]

    tenant = make('tenancy/tenants/', name='Example Corp', slug='example-corp')
    site = make('dcim/sites/', name='Frankfurt', slug='frankfurt')
    maker = make('dcim/manufacturers/', name='Maker', slug='maker')
    model = make('dcim/device-types/', manufacturer=maker['id'], model='Server', slug='server')
    role = make('dcim/device-roles/', name='Web', slug='web')
    host = make('dcim/devices/', name='web-01', site=site['id'], device_type=model['id'], role=role['id'])
    port = make('dcim/interfaces/', device=host['id'], name='eth0', type='virtual')
    address = make(
        'ipam/ip-addresses/',
        address='192.0.2.10/24',
        dns_name='www.example.net',
        assigned_object_type='dcim.interface',
        assigned_object_id=port['id'],
    )
    service = make(
        'ipam/services/',
        name='HTTPS',
        parent_object_type='dcim.device',
        parent_object_id=host['id'],
        port_mappings=['tcp/443'],
    )
    kind = make('virtualization/cluster-types/', name='KVM', slug='kvm')
    cluster = make('virtualization/clusters/', name='Cluster 1', type=kind['id'])
    guest = make('virtualization/virtual-machines/', name='app-01', cluster=cluster['id'])
    contact = make('tenancy/contacts/', name='Web team', email='web@example.net', phone='+1 555 0100')
    on_call = make('tenancy/contact-roles/', name='On call', slug='on-call')
    make(
        'tenancy/contact-assignments/',
        object_type='dcim.device',
        object_id=host['id'],
        contact=contact['id'],
        role=on_call['id'],
        priority='primary',
    )
    ca = make_ca("Let's Encrypt", 'R13', key_id=R13)
    now = datetime.now(UTC).replace(microsecond=0)
    certificates = {}
    for name, days in (('www', 10), ('shop', 65), ('mail', 80), ('old', 93)):
        start = now - timedelta(days=days)
        pem = issue([f'{name}.example.net'], ca, valid_from=start, valid_to=start + timedelta(days=90)).fullchain_pem
        answer = api.post('plugins/ssl/certificates/import/', {'pem': pem, 'acme_auto_renewal': True})
        certificates[name] = answer['certificate']['id']
        api.patch(f'plugins/ssl/certificates/{certificates[name]}/', {'tenant': tenant['id']})
    yield {
        'device': host,
        'address': address,
        'service': service,
        'site': site,
        'cluster': cluster,
        'guest': guest,
        'tenant': tenant,
        'certificates': certificates,
    }
    for certificate in certificates.values():
        api.delete(f'plugins/ssl/certificates/{certificate}/')
    for path, each in reversed(made):
        api.delete(f'{path}{each["id"]}/')


def assign(api, certificate, object_type, place, **more):
    api.post(
        'plugins/ssl/certificate-assignments/',
        {'certificate': certificate, 'assigned_object_type': object_type, 'assigned_object_id': place['id'], **more},
    )


def card(page, title):
    return page.locator('.card', has=page.locator('h2', has_text=title)).first


def test_assign_from_the_device(page, stack, inventory):
    """The button on the device fills in the device; after saving, the device shows the certificate, on a tab, too."""
    page.goto(f'/dcim/devices/{inventory["device"]["id"]}/')
    certificates = card(page, 'Certificates')
    expect_text(certificates, 'No assignments match')
    pictures(page, 'device-empty')
    follow(certificates.get_by_role('link', name='Assign certificate'))
    choose(page, 'id_certificate', 'shop.example.net')
    page.fill('#id_note', 'tcp/443')
    pictures(page, 'assignment-form')
    follow(page.locator('button[name=_create]'))
    expect(page).to_have_url(f'{stack.base_url}/dcim/devices/{inventory["device"]["id"]}/')
    expect_text(certificates, 'shop.example.net')
    follow(page.get_by_role('link', name='Certificates 1'))
    expect_text(page.locator('#object_list'), 'tcp/443')


def test_pages(page, api, inventory):
    ids = inventory['certificates']
    assign(api, ids['www'], 'ipam.service', inventory['service'], note='SNI www', primary=True)
    assign(api, ids['shop'], 'ipam.service', inventory['service'], note='SNI shop')
    assign(api, ids['www'], 'ipam.ipaddress', inventory['address'])
    assign(api, ids['mail'], 'dcim.device', inventory['device'], note='tcp/993')
    assign(api, ids['www'], 'virtualization.virtualmachine', inventory['guest'])
    assign(api, ids['old'], 'virtualization.virtualmachine', inventory['guest'])
    for name, url, title, texts in (
        ('device', f'dcim/devices/{inventory["device"]["id"]}', 'Certificates', ('mail.', 'SNI shop', '192.0.2.10/24')),
        ('machine', f'virtualization/virtual-machines/{inventory["guest"]["id"]}', 'Certificates', ('www.', 'old.')),
        ('service', f'ipam/services/{inventory["service"]["id"]}', 'Certificates', ('www.', 'shop.')),
        ('address', f'ipam/ip-addresses/{inventory["address"]["id"]}', 'Certificates', ('www.',)),
        ('certificate-used', f'plugins/ssl/certificates/{ids["www"]}', 'Used By', ('HTTPS', 'app-01', '192.0.2.10/24')),
        ('certificate-contacts', f'plugins/ssl/certificates/{ids["mail"]}', 'Contacts', ('Web team', 'web-01')),
    ):
        page.goto(f'/{url}/')
        shown = card(page, title)
        expect_text(shown.locator('table').first, *texts)
        shown.scroll_into_view_if_needed()
        pictures(page, f'{name}-panel')
    page.goto(f'/dcim/devices/{inventory["device"]["id"]}/certificates/')
    expect(page.locator('#object_list tbody tr')).to_have_count(4)
    pictures(page, 'device-tab')
    for kind, url in (
        ('site', 'dcim/sites'),
        ('cluster', 'virtualization/clusters'),
        ('tenant', 'tenancy/tenants'),
    ):
        page.goto(f'/{url}/{inventory[kind]["id"]}/')
        counts = card(page, 'Certificates')
        counts.scroll_into_view_if_needed()
        pictures(page, f'{kind}-counts')
        expired = counts.get_by_role('link', name=re.compile(r'^\s*Expired\s+\d'))
        number = int(expired.locator('.badge').inner_text())
        follow(expired)
        listed = page.locator('#object_list tbody a[href^="/plugins/ssl/certificates/"]', has_text='.')
        expect(listed).to_have_count(number)


def test_lists_and_tenants(page, api, inventory):
    """The column in NetBox's own list, and the warning for an object of another tenant."""
    ids = inventory['certificates']
    other = api.post('tenancy/tenants/', {'name': 'Other Corp', 'slug': 'other-corp'})
    host = inventory['device']
    api.patch(f'dcim/devices/{host["id"]}/', {'tenant': other['id']})
    assign(api, ids['mail'], 'dcim.device', host)
    assign(api, ids['old'], 'ipam.service', inventory['service'])
    page.goto('/dcim/devices/?include_columns=ssl_certificates')
    row = page.locator('#object_list tr', has_text='web-01')
    expect_text(row, '1 Expired', '1 Due')
    pictures(page, 'device-list')
    page.goto(f'/plugins/ssl/certificates/{ids["mail"]}/')
    used = card(page, 'Used By')
    expect(used.get_by_role('img', name='different tenants')).to_be_visible()
    used.scroll_into_view_if_needed()
    pictures(page, 'tenants-differ')
    page.goto(f'/plugins/ssl/certificates/{ids["mail"]}/edit/')
    follow(page.locator('button[name=_update]'))
    expect(page.get_by_text('The certificate and web-01 belong to different tenants.').first).to_be_visible()
    pictures(page, 'tenants-differ-message')
    api.patch(f'dcim/devices/{host["id"]}/', {'tenant': None})
    api.delete(f'tenancy/tenants/{other["id"]}/')
