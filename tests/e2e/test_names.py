"""A name looked up in the browser, and the widgets on the dashboard."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import expect_text, follow, pictures
from tests.e2e.test_person import R13
from tests.support.certificate_factory import issue, make_ca

# Name → days since it was issued, for 90
AGES = {
    'www.example.net': 10,
    '*.example.net': 65,
    'shop.example.org': 5,
    'late.example.org': 80,
    'old.example.org': 95,
}
ADD_WIDGETS = """
from extras.dashboard.utils import get_dashboard, get_widget_class
from users.models import User
dashboard = get_dashboard(User.objects.get(username='{username}'))
dashboard.layout, dashboard.config = [], {{}}
for place, name in enumerate(('RenewalStatusWidget', 'NextDueWidget', 'OverdueWidget')):
    widget = get_widget_class('netbox_ssl.' + name)()
    dashboard.add_widget(widget, x=4 * place, y=0)
dashboard.save()
print('added')
"""


@pytest.fixture
def inventory(api, empty_afterwards):
    ca = make_ca("Let's Encrypt", 'R13', key_id=R13)
    now = datetime.now(UTC).replace(microsecond=0)
    for name, days in AGES.items():
        start = now - timedelta(days=days)
        issued = issue([name], ca, valid_from=start, valid_to=start + timedelta(days=90))
        values = {'pem': issued.fullchain_pem, 'acme_auto_renewal': True}
        if name.startswith('*'):
            values['external_id'] = f'certbot:web01.example.net:{name}'
        api.post('plugins/ssl/certificates/import/', values)


def ask(page, name):
    page.fill('#id_name', name)
    follow(page.get_by_role('button', name='Look up'))
    return page.locator('[data-verdict]').get_attribute('data-verdict')


def test_by_name(page, inventory):
    page.goto('/plugins/ssl/by-name/')
    pictures(page, 'by-name-empty')
    assert ask(page, 'https://WWW.example.net/path') == 'due'
    expect(page.locator('#id_name')).to_have_value('https://WWW.example.net/path')
    expect(page.locator('[data-standing]')).to_have_count(2)
    expect_text(page.locator('[data-standing=due]'), 'web01.example.net')
    pictures(page, 'by-name')
    for name, verdict in (
        ('shop.example.org', 'fine'),
        ('late.example.org', 'overdue'),
        ('old.example.org', 'expired'),
        ('a.b.example.net', 'nothing'),
    ):
        assert ask(page, name) == verdict
    pictures(page, 'by-name-nothing')
    page.set_viewport_size({'width': 420, 'height': 900})
    ask(page, 'www.example.net')
    pictures(page, 'by-name-narrow')


def test_many_endpoints_fit_into_the_window(page, api, inventory):
    """Each may be in another line than the one before."""
    made = api.post(
        'plugins/ssl/endpoints/',
        [{'address': f'192.0.2.{number}', 'server_name': 'www.example.net'} for number in range(1, 10)],
    )
    for width in (1440, 390):
        page.set_viewport_size({'width': width, 'height': 900})
        page.goto('/plugins/ssl/by-name/?name=www.example.net')
        expect(page.get_by_role('link', name='192.0.2.9:443/www.example.net')).to_be_visible()
        assert page.evaluate('document.documentElement.scrollWidth <= innerWidth'), width
    api.delete('plugins/ssl/endpoints/', [{'id': each['id']} for each in made])


def test_widgets(page, stack, inventory):
    assert 'added' in stack.manage(ADD_WIDGETS.format(username=stack.username))
    page.goto('/')
    ring = page.locator('svg.netbox-ssl-ring')
    expect(ring.locator('circle'), 'Valid, Expiring and Expired').to_have_count(3)
    expect(page.get_by_role('link', name='late.example.org').first).to_be_visible()
    pictures(page, 'widgets')
    # By keyboard, because the middle of a segment's box is not on the segment
    ring.locator('a[href*="validity=Expiring"]').focus()
    page.keyboard.press('Enter')
    page.wait_for_url('**/plugins/ssl/certificates/?status=active&validity=Expiring')
    shown = page.locator('td a[href^="/plugins/ssl/certificates/"]').all_inner_texts()
    assert {name for name in shown if 'example' in name} == {'late.example.org'}


HOSTS = """
from dcim.models import Device, DeviceRole, DeviceType, Manufacturer, Site
from ipam.models import IPAddress
maker = Manufacturer.objects.create(name='Maker', slug='maker')
kind = DeviceType.objects.create(manufacturer=maker, model='Model', slug='model')
role = DeviceRole.objects.create(name='Web', slug='web')
site = Site.objects.create(name='Site', slug='site')
for name in ('www.example.net', 'shop.example.org', 'other.example.org'):
    Device.objects.create(name=name, device_type=kind, role=role, site=site)
IPAddress.objects.create(address='192.0.2.10/24', dns_name='www.example.net')
print('made')
"""
NO_HOSTS = """
from dcim.models import Device, DeviceRole, Manufacturer, Site
from ipam.models import IPAddress
for model in (IPAddress, Device, DeviceRole, Site):
    model.objects.all().delete()
Manufacturer.objects.get().device_types.all().delete()
Manufacturer.objects.all().delete()
"""


@pytest.fixture
def hosts(stack):
    assert 'made' in stack.manage(HOSTS)
    yield
    stack.manage(NO_HOSTS)


def test_suggestions(page, stack, api, hosts, inventory):
    (certificate,) = api.get('plugins/ssl/certificates/', name='www.example.net')['results']
    page.goto(f'/plugins/ssl/certificates/{certificate["id"]}/')
    card = page.locator('[data-suggestions]')
    expect(card.locator('button[name=pair]:not([formaction])')).to_have_count(2)
    card.scroll_into_view_if_needed()
    pictures(page, 'suggestions-certificate')
    follow(card.get_by_role('button', name='Assign to 192.0.2.10/24'))
    expect(page).to_have_url(f'{stack.base_url}/plugins/ssl/certificates/{certificate["id"]}/')
    expect(page.get_by_text('Assigned: 1')).to_be_visible()
    expect(card.locator('button[name=pair]:not([formaction])')).to_have_count(1)

    page.goto('/plugins/ssl/suggestions/')
    pictures(page, 'suggestions-empty')
    follow(page.get_by_role('button', name='Start a scan'))
    # The page polls automatically, without being reloaded.
    expect_text(page.locator('[data-found]'), 'Last scan:')
    follow(page.get_by_role('link', name='Show the new suggestions'))
    expect(page.locator('table.object-list tbody tr')).to_have_count(2)
    pictures(page, 'suggestions')
    page.locator('table.object-list input.toggle').check()
    follow(page.get_by_role('button', name='Accept Selected').first)
    expect(page.get_by_text('Assigned: 2')).to_be_visible()
    assert api.get('plugins/ssl/certificate-assignments/')['count'] == 3
