"""
Every page of the plugin in the browser: axe finds nothing, in light and dark mode, that it does not find on pages of
NetBox's core; nothing scrolls sideways on a phone; no table is wider than an ordinary screen.
"""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.e2e.browser import PHONE, VIEWPORT, new_context, settle
from tests.e2e.test_person import R13
from tests.support.acme_issuances import DAY
from tests.support.certificate_factory import issue, make_ca
from tests.support.pages import PAGES, ids_of

pytestmark = pytest.mark.browser

# Names of certificates → days since they were issued, for 90
LONG = '.'.join(['a-rather-long-label-of-a-host-name'] * 6)
NAME = 'www.example.net'
AGES = {
    NAME: 10,
    'due.example.net': 65,
    'late.example.net': 80,
    'old-blog.example.net': 95,
    'hypervisor.corp.example.com': 85,
    LONG: 20,
}

# Pages of NetBox's core of the same kinds: dashboard, list, object, form, several tables, search, import
CORE = (
    '/',
    '/dcim/devices/',
    '/dcim/devices/{device}/',
    '/dcim/devices/add/',
    '/dcim/sites/{site}/',
    '/search/?q=www',
    '/dcim/devices/import/',
)
# Pages that NetBox lays out, and one of its own that scrolls just as far on a phone
OF_NETBOX = {'bulk import': '/dcim/sites/import/'}
# Our part of the page, without NetBox's menu and header
CONTENT = '#page-content'
# Only these rules depend on the color mode.
COLORS = ('color-contrast', 'link-in-text-block')
# Tables that are wider than the page. One may scroll in its own box, if that has a name and is reached by keyboard.
WIDE = """() => [...document.querySelectorAll('#page-content .table-responsive')]
    .filter(box => box.scrollWidth > box.clientWidth + 1 && !(box.tabIndex === 0 && box.ariaLabel))
    .map(box => box.scrollWidth - box.clientWidth)"""
SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
CLASSES = """path => {
    const element = document.querySelector(path);
    return element ? `${element.localName} ${element.className.baseVal ?? element.className}` : path;
}"""


@pytest.fixture(scope='module')
def page(browser, stack, login_state):
    """Provide one page for all tests, of a logged-in browser."""
    context = new_context(browser, base_url=stack.base_url, storage_state=login_state)
    yield context.new_page()
    context.close()


@pytest.fixture(scope='module')
def inventory(api):
    """Create one of everything; delete it afterwards."""
    made = []

    def make(path, **data):
        made.append((path, api.post(path, data)))
        return made[-1][1]['id']

    site = make('dcim/sites/', name='Frankfurt', slug='frankfurt')
    # Two tables on the page of the site, as on the page of a certificate
    make('dcim/locations/', name='Hall', slug='hall', site=site)
    maker = make('dcim/manufacturers/', name='Maker', slug='maker')
    model = make('dcim/device-types/', manufacturer=maker, model='Server', slug='server')
    role = make('dcim/device-roles/', name='Web', slug='web')
    device = make('dcim/devices/', name=NAME, site=site, device_type=model, role=role)
    place = {'assigned_object_type': 'dcim.device', 'assigned_object_id': device}
    address = {'assigned_object_type': 'ipam.ipaddress'}
    address['assigned_object_id'] = make('ipam/ip-addresses/', address='192.0.2.99/24', dns_name=NAME)
    ca = make_ca("Let's Encrypt", 'R13', key_id=R13)
    tenant = make('tenancy/tenants/', name='Example Retail', slug='example-retail')
    team = make('tenancy/contacts/', name='Platform team', phone='+49 69 555 0133', email='platform@example.net')
    on_call = make('tenancy/contact-roles/', name='On call', slug='on-call')
    now = datetime.now(UTC).replace(microsecond=0)
    ids = []
    for name, days in AGES.items():
        # The renewal of each is the second issuance in its history.
        for age in (days + 60, days):
            start = now - timedelta(days=age)
            # So long that it is not the common name
            others = [] if name == LONG else [f'n{n}.{name}' for n in range(40)]
            issued = issue([name, *others], ca, start, start + 90 * DAY)
            source = {'external_id': f'certbot:web01.{LONG[:90]}.example.net:{name[:60]}', 'client': 'certbot'}
            pem = {'pem': issued.fullchain_pem, 'acme_auto_renewal': True, 'tenant': tenant}
            answer = api.post('plugins/ssl/certificates/import/', {**pem, **source})
        ids.append(answer['certificate']['id'])
        whom = {'object_type': 'netbox_ssl.certificate', 'object_id': ids[-1], 'contact': team, 'role': on_call}
        api.post('tenancy/contact-assignments/', {**whom, 'priority': 'primary'})
    for pk, where in ((ids[0], place), (ids[-1], place), (ids[1], address)):
        api.post('plugins/ssl/certificate-assignments/', {'certificate': pk, **where})
    make('plugins/ssl/endpoints/', address=LONG, monitor='monitor-01', expected_certificate=ids[-1])
    yield ids_of(api, NAME, NAME)
    api.delete('plugins/ssl/certificates/', [{'id': pk} for pk in ids])
    for path, each in reversed(made):
        api.delete(f'{path}{each["id"]}/')


def axe(page, *rules) -> dict[tuple[str, str], str]:
    """Return what axe finds on the page as it is, by all rules or only these: rule and kind → one element."""
    options = {'resultTypes': ['violations'], **({'runOnly': list(rules)} if rules else {})}
    results = Axe().run(page, context=CONTENT, options=options).response['violations']
    found = ((each['id'], node) for each in results for node in each['nodes'])
    return {(rule, kind(page, rule, node)): node['html'] for rule, node in found if not is_badge(rule, node['html'])}


def is_badge(rule, html) -> bool:
    """Return whether it is about the color of a badge: those are NetBox's, of which its own pages show the same."""
    return rule == 'color-contrast' and 'badge text-bg-' in html


def kind(page, rule, node) -> str:
    """Return what is the same for all elements with the same fault: their colors, or else their name and classes."""
    colors = next((each['data'] for each in node['any'] if rule == 'color-contrast'), None)
    if colors and colors.get('fgColor'):
        return f'{colors["fgColor"]} on {colors["bgColor"]}'
    return page.evaluate(CLASSES, node['target'][-1])


def violations(page) -> dict[tuple[str, str], str]:
    """Return what axe finds on the page in both modes."""
    found = axe(page)
    page.evaluate("setMode('dark')")
    found |= axe(page, *COLORS)
    page.evaluate("setMode('light')")
    return found


@pytest.fixture(scope='module')
def core_violations(page, inventory):
    """Provide what axe finds on the pages of NetBox's core."""
    found = {}
    for url in CORE:
        settle(page, url.format(**inventory))
        found |= violations(page)
    return found


def ours(page, core_violations) -> dict[tuple[str, str], str]:
    return {key: html for key, html in violations(page).items() if key not in core_violations}


@pytest.mark.parametrize('name', PAGES)
def test_a_page(page, inventory, core_violations, name):
    page.set_viewport_size(VIEWPORT)
    settle(page, PAGES[name].format(**inventory))
    found = ours(page, core_violations)
    too_wide = page.evaluate(WIDE)
    page.set_viewport_size(PHONE)
    sideways = page.evaluate(SIDEWAYS)
    if name in OF_NETBOX:
        page.goto(OF_NETBOX[name])
        sideways = max(0, sideways - page.evaluate(SIDEWAYS))
    assert (found, too_wide, sideways) == ({}, [], 0)


def test_the_verdict_on_a_long_name(page, inventory):
    page.set_viewport_size(PHONE)
    settle(page, f'/search/?q={LONG}')
    expect(page.locator('a[data-verdict]:visible')).to_contain_text('Fine')
    assert page.evaluate(SIDEWAYS) <= 0


def test_the_preview_of_smart_paste(page, inventory, core_violations):
    ca = make_ca('Example Corp', 'Example Issuing CA')
    start = datetime.now(UTC) - timedelta(days=100)
    pems = [issue([name], ca, start, start + 90 * DAY).pem for name in (LONG, *(f'{n}.example.org' for n in range(4)))]
    for text in (pems[0], ''.join(pems), 'nonsense'):
        page.set_viewport_size(VIEWPORT)
        settle(page, PAGES['smart paste'])
        page.fill('#id_text', text)
        page.get_by_role('button', name='Preview').click()
        page.wait_for_load_state('networkidle')
        assert ours(page, core_violations) == {}
        page.set_viewport_size(PHONE)
        assert page.evaluate(SIDEWAYS) <= 0
