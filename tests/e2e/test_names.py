"""A name looked up in the browser, and the widgets on the dashboard."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.test_paste_many import pictures
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
    page.get_by_role('button', name='Look up').click()
    card = page.locator('[data-verdict]')
    card.wait_for()
    return card.get_attribute('data-verdict')


def test_by_name(page, inventory):
    page.goto('/plugins/ssl/by-name/')
    pictures(page, 'by-name-empty')
    assert ask(page, 'https://WWW.example.net/path') == 'due'
    assert page.input_value('#id_name') == 'https://WWW.example.net/path'
    assert page.locator('[data-standing]').count() == 2
    assert 'certbot:web01.example.net:*.example.net' in page.locator('[data-standing=due]').inner_text()
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


def test_widgets(page, stack, inventory):
    assert 'added' in stack.manage(ADD_WIDGETS.format(username=stack.username))
    page.goto('/')
    ring = page.locator('svg.netbox-ssl-ring')
    ring.wait_for()
    assert ring.locator('circle').count() == 3, 'OK, Due and Expired'
    pictures(page, 'widgets')
    assert page.get_by_role('link', name='late.example.org').first.is_visible()
    # By keyboard: the middle of a segment's box is not on the segment.
    ring.locator('a[href*="renewal_status=Due"]').focus()
    page.keyboard.press('Enter')
    page.wait_for_url('**/plugins/ssl/certificates/?renewal_status=Due')
    shown = page.locator('td a[href^="/plugins/ssl/certificates/"]').all_inner_texts()
    assert {name for name in shown if 'example' in name} == {'*.example.net', 'late.example.org'}


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


def test_suggestions(page, api, hosts, inventory):
    (certificate,) = api.get('plugins/ssl/certificates/', name='www.example.net')['results']
    page.goto(f'/plugins/ssl/certificates/{certificate["id"]}/')
    card = page.locator('[data-suggestions]')
    card.wait_for()
    assert card.locator('button[name=pair]').count() == 2
    card.scroll_into_view_if_needed()
    pictures(page, 'suggestions-certificate')
    card.get_by_role('button', name='Assign to 192.0.2.10/24').click()
    page.wait_for_url(f'**/plugins/ssl/certificates/{certificate["id"]}/')
    page.get_by_text('Assigned: 1').wait_for()
    card.wait_for()
    assert card.locator('button[name=pair]').count() == 1

    page.goto('/plugins/ssl/suggestions/')
    pictures(page, 'suggestions-empty')
    page.get_by_role('button', name='Start a scan').click()
    # Nobody reloads the page: it asks by itself.
    page.locator('[data-found]').get_by_text('Last scan:').wait_for(timeout=90_000)
    page.get_by_role('link', name='Show the new suggestions').click()
    rows = page.locator('table.object-list tbody tr')
    rows.nth(1).wait_for()
    assert rows.count() == 2
    pictures(page, 'suggestions')
    page.locator('table.object-list input.toggle').check()
    page.get_by_role('button', name='Accept Selected').first.click()
    page.get_by_text('Assigned: 2').wait_for()
    assert api.get('plugins/ssl/certificate-assignments/')['count'] == 3
