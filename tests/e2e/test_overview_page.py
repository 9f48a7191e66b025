"""The overview and the pictures of a certificate in a browser: by keyboard, on a narrow screen, and in the menu."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import follow, picture
from tests.support.certificate_factory import issue, make_ca

PAGES = ('overview/', 'overview/breakdown/', 'overview/hosts/')


@pytest.fixture
def inventory(api, empty_afterwards):
    """Store a certificate that is renewed by its client, with its previous one, and one that has expired."""
    now = datetime.now(UTC).replace(microsecond=0)
    ca = make_ca("Let's Encrypt", 'R13')
    for age in (80, 20):
        start = now - timedelta(days=age)
        pem = issue(['www.example.net'], ca, start, start + timedelta(days=90)).fullchain_pem
        source = {'external_id': 'certbot:web-01:www', 'acme_auto_renewal': True}
        stored = api.post('plugins/ssl/certificates/import/', {'pem': pem, **source})
    old = issue(['old.example.net'], ca, now - timedelta(days=91), now - timedelta(days=1)).fullchain_pem
    api.post('plugins/ssl/certificates/import/', {'pem': old})
    return stored['certificate']


def test_from_the_menu_to_what_has_expired(page, inventory):
    page.goto('/')
    page.get_by_role('button', name='Certificates').click()
    follow(page.get_by_role('link', name='Overview', exact=True))
    expect(page.locator('ul.navbar-nav .dropdown-item.active')).to_have_count(1)
    for entry in page.locator('ul.navbar-nav .dropdown-menu.show a').all():
        # With NetBox's own menus above, the last ones are below the fold.
        entry.scroll_into_view_if_needed()
        expect(entry).to_be_in_viewport()
    picture(page, 'overview')
    follow(page.get_by_role('link', name='Expired: 1', exact=True))
    expect(page.locator('table tbody tr')).to_have_count(1)
    expect(page.get_by_role('link', name='old.example.net').first).to_be_visible()


def test_a_day_is_reached_by_keyboard(page, inventory):
    page.goto('/plugins/ssl/overview/')
    day = page.locator('svg.netbox-ssl-heatmap a').first
    day.focus()
    assert page.evaluate('document.activeElement.getAttribute("aria-label")').startswith('1 certificate expires on ')
    with page.expect_navigation():
        page.keyboard.press('Enter')
    expect(page.locator('table tbody tr')).to_have_count(1)
    expect(page.get_by_role('link', name='www.example.net').first).to_be_visible()


def test_the_pictures_of_a_certificate(page, inventory):
    page.goto(f'/plugins/ssl/certificates/{inventory["id"]}/')
    for picture_of in ('lifetime', 'map', 'timeline'):
        expect(page.locator(f'svg.netbox-ssl-{picture_of}').first).to_be_visible()
    expect(page.locator('svg.netbox-ssl-timeline [data-zone]')).to_have_count(2)
    expect(page.locator('[data-step]')).to_have_count(3)
    follow(page.get_by_role('link', name='Names: www.example.net'))
    expect(page.locator('[data-verdict]')).to_be_visible()


def test_alert_me_in_two_clicks(page, inventory):
    page.goto('/plugins/ssl/renewals/')
    follow(page.get_by_role('link', name='Alert me'))
    expect(page.locator('#id_name')).to_have_value('Certificates')
    expect(page.locator('#id_event_types option:checked')).to_have_count(3)


def test_no_page_scrolls_sideways(page, inventory):
    page.set_viewport_size({'width': 390, 'height': 844})
    for path in (*PAGES, f'certificates/{inventory["id"]}/'):
        page.goto(f'/plugins/ssl/{path}')
        assert page.evaluate('document.documentElement.scrollWidth <= innerWidth'), path
