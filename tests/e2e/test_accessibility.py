"""
Every page of the plugin in the browser: axe finds nothing, in light and dark mode, that it does not find on pages of
NetBox's core; nothing scrolls sideways on a phone; no table is wider than an ordinary screen.
"""

from datetime import UTC, datetime, timedelta

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.e2e.browser import VIEWPORT, new_context, picture
from tests.e2e.test_person import R13
from tests.support.certificate_factory import issue, make_ca
from tests.support.factories import DAY

# Names of certificates → days since they were issued, for 90
LONG = '.'.join(['a-rather-long-label-of-a-host-name'] * 6)
AGES = {'www.example.net': 10, 'due.example.net': 65, 'late.example.net': 80, 'old.example.net': 95, LONG: 20}
PHONE = {'width': 390, 'height': 844}

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

PAGES = {
    'certificates': '/plugins/ssl/certificates/',
    'certificate': '/plugins/ssl/certificates/{certificate}/',
    'history': '/plugins/ssl/certificates/{certificate}/history/',
    'certificate form': '/plugins/ssl/certificates/{certificate}/edit/',
    'smart paste': '/plugins/ssl/certificates/smart-paste/',
    'bulk import': '/plugins/ssl/certificates/import/',
    'assignments': '/plugins/ssl/assignments/',
    'assignment': '/plugins/ssl/assignments/{assignment}/',
    'assignment form': '/plugins/ssl/assignments/add/',
    'suggestions': '/plugins/ssl/suggestions/',
    'sources': '/plugins/ssl/sources/',
    'source': '/plugins/ssl/sources/{source}/',
    'source form': '/plugins/ssl/sources/add/',
    'issuances': '/plugins/ssl/issuances/',
    'issuance': '/plugins/ssl/issuances/{issuance}/',
    'overview': '/plugins/ssl/overview/',
    'breakdown': '/plugins/ssl/overview/breakdown/',
    'renewals': '/plugins/ssl/renewals/',
    'by name': '/plugins/ssl/by-name/?name=www.example.net',
    'hosts': '/plugins/ssl/overview/hosts/',
    'endpoint suggestions': '/plugins/ssl/endpoints/suggestions/',
    'endpoints': '/plugins/ssl/endpoints/',
    'endpoint form': '/plugins/ssl/endpoints/add/',
    'connect': '/plugins/ssl/connect/certbot/',
    'documentation': '/plugins/ssl/docs/',
    'documentation with code': '/plugins/ssl/docs/how-to/clients/kubernetes/',
    'search': '/search/?q=www.example.net',
    'device': '/dcim/devices/{device}/',
    'certificates of a device': '/dcim/devices/{device}/certificates/',
}
# Pages that NetBox lays out, and one of its own that scrolls just as far on a phone
OF_NETBOX = {'bulk import': '/dcim/sites/import/'}
# Our part of the page, without NetBox's menu and header
CONTENT = '#page-content'
WIDE = """() => [...document.querySelectorAll('#page-content .table-responsive')]
    .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.scrollWidth - box.clientWidth)"""
CLASSES = '([path]) => String(document.querySelector(path)?.className || path)'
SIDEWAYS = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'


@pytest.fixture(scope='module')
def inventory(api):
    """Create one of everything; delete it afterwards."""
    made = []

    def make(path, **data):
        made.append((path, api.post(path, data)))
        return made[-1][1]

    site = make('dcim/sites/', name='Frankfurt', slug='frankfurt')
    maker = make('dcim/manufacturers/', name='Maker', slug='maker')
    model = make('dcim/device-types/', manufacturer=maker['id'], model='Server', slug='server')
    role = make('dcim/device-roles/', name='Web', slug='web')
    device = make('dcim/devices/', name='www.example.net', site=site['id'], device_type=model['id'], role=role['id'])
    ca = make_ca("Let's Encrypt", 'R13', key_id=R13)
    now = datetime.now(UTC).replace(microsecond=0)
    ids = []
    for name, days in AGES.items():
        # The renewal of each is the second issuance in its history.
        for age in (days + 60, days):
            start = now - timedelta(days=age)
            # So long that it is not the common name
            others = [] if name == LONG else [f'n{n}.{name}' for n in range(40)]
            issued = issue([name, *others], ca, start, start + 90 * DAY)
            values = {'pem': issued.fullchain_pem, 'acme_auto_renewal': True}
            answer = api.post(
                'plugins/ssl/certificates/import/',
                {**values, 'external_id': f'certbot:web01.{LONG[:90]}.example.net:{name[:60]}', 'client': 'certbot'},
            )
        ids.append(answer['certificate']['id'])
    assignments = [
        api.post(
            'plugins/ssl/certificate-assignments/',
            {'certificate': pk, 'assigned_object_type': 'dcim.device', 'assigned_object_id': device['id']},
        )
        for pk in (ids[0], ids[-1])
    ]
    yield {
        'site': site['id'],
        'device': device['id'],
        'certificate': ids[0],
        'assignment': assignments[0]['id'],
        'source': api.get('plugins/ssl/sources/', certificate_id=ids[0])['results'][0]['id'],
        'issuance': api.get('plugins/ssl/issuances/', certificate_id=ids[0])['results'][0]['id'],
    }
    api.delete('plugins/ssl/certificates/', [{'id': pk} for pk in ids])
    for path, each in reversed(made):
        api.delete(f'{path}{each["id"]}/')


def settle(page, url):
    """Open a page, and wait for the parts that are loaded after it."""
    page.goto(url)
    page.wait_for_load_state('networkidle')


def violations(page, name='') -> set[tuple[str, str]]:
    """
    Return what axe finds on the page in both modes: its rule and the kind of element, as its classes. Takes pictures
    called ``name``, if there is one.
    """
    found = set()
    for mode in ('light', 'dark'):
        page.evaluate('mode => setMode(mode)', mode)
        if name:
            picture(page, f'{name}-{mode}')
        results = Axe().run(page, context=CONTENT).response['violations']
        found |= {(each['id'], page.evaluate(CLASSES, node['target'])) for each in results for node in each['nodes']}
    page.evaluate("setMode('light')")
    # The colors of badges are those of NetBox's choices, of which its own pages show the same.
    return {(rule, kind) for rule, kind in found if (rule, kind[:14]) != ('color-contrast', 'badge text-bg-')}


@pytest.fixture(scope='module')
def core_violations(browser, stack, login_state, inventory):
    """Provide what axe finds on the pages of NetBox's core."""
    context = new_context(browser, base_url=stack.base_url, storage_state=login_state)
    page = context.new_page()
    found = set()
    for url in CORE:
        settle(page, url.format(**inventory))
        found |= violations(page)
    context.close()
    return found


@pytest.mark.parametrize('name', PAGES)
def test_a_page(page, inventory, core_violations, name):
    settle(page, PAGES[name].format(**inventory))
    slug = f'page-{name.replace(" ", "-")}'
    found = violations(page, slug) - core_violations
    too_wide = page.evaluate(WIDE)
    page.set_viewport_size(PHONE)
    picture(page, f'{slug}-phone')
    sideways = page.evaluate(SIDEWAYS)
    if name in OF_NETBOX:
        page.goto(OF_NETBOX[name])
        sideways -= page.evaluate(SIDEWAYS)
    assert (found, too_wide, sideways) == (set(), [], 0)


def test_the_preview_of_smart_paste(page, inventory, core_violations):
    ca = make_ca('Example Corp', 'Example Issuing CA')
    start = datetime.now(UTC) - timedelta(days=100)
    pems = [issue([name], ca, start, start + 90 * DAY).pem for name in (LONG, *(f'{n}.example.org' for n in range(4)))]
    for text in (pems[0], ''.join(pems), 'nonsense'):
        settle(page, PAGES['smart paste'])
        page.fill('#id_text', text)
        page.get_by_role('button', name='Preview').click()
        page.wait_for_load_state('networkidle')
        assert violations(page) - core_violations == set()
        page.set_viewport_size(PHONE)
        assert page.evaluate(SIDEWAYS) <= 0
        page.set_viewport_size(VIEWPORT)
