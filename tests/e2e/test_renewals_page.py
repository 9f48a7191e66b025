"""The page *Renewals* by keyboard: a bar can be focused, has a description, and links to its certificates."""

from datetime import UTC, datetime, timedelta

from playwright.sync_api import expect

from tests.e2e.browser import picture
from tests.support.certificate_factory import issue, make_ca

# Of certificates of 90 days: two are overdue, and the last has expired.
AGES = (*range(1, 60, 4), 64, 71, 78, 84, 93)
NAMES = ('www', 'shop', 'api', 'mail', 'vpn', 'git', 'docs', 'status', 'login', 'cdn')


def test_a_bar_is_reached_by_keyboard(page, api, empty_afterwards):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=50)
    ca = make_ca("Let's Encrypt", 'R13')
    issued = issue(['soon.example.net'], ca, valid_from=start, valid_to=start + timedelta(days=90))
    api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem, 'acme_auto_renewal': True})

    page.goto('/plugins/ssl/renewals/')
    page.get_by_role('button', name='Add to your calendar').focus()
    page.keyboard.press('Tab')
    focused = page.evaluate('document.activeElement.getAttribute("aria-label")')
    assert focused.startswith('1 certificate becomes due, ')
    page.keyboard.press('Enter')
    page.wait_for_url('**/plugins/ssl/certificates/?*renewal_due_at__gte=*')
    expect(page.locator('table tbody tr')).to_have_count(1)
    expect(page.get_by_role('link', name='soon.example.net').first).to_be_visible()


def test_coming_and_overdue_renewals(page, api, empty_afterwards):
    ca = make_ca("Let's Encrypt", 'R13')
    now = datetime.now(UTC).replace(microsecond=0)
    pems = []
    for number, age in enumerate(AGES):
        start = now - timedelta(days=age)
        name = f'{NAMES[number % len(NAMES)]}.{"example.com" if number < len(NAMES) else "example.net"}'
        pems.append(issue([name], ca, valid_from=start, valid_to=start + timedelta(days=90)).fullchain_pem)
    api.post('plugins/ssl/certificates/import/', [{'pem': pem, 'acme_auto_renewal': True} for pem in pems])

    page.goto('/plugins/ssl/renewals/')
    assert page.locator('svg.netbox-ssl-coming a').count() > 13
    overdue, expired = (
        page.locator('.card', has_text=title).locator('tbody tr') for title in ('Overdue since', 'Expired')
    )
    expect(overdue).to_have_count(2)
    assert expired.first.inner_text().split()[0] == 'cdn.example.net'
    picture(page, 'renewals')
