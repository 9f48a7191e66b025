"""
The six most common jobs, in clicks: each begins on NetBox's home page with its menus closed, and has a limit. Typing
does not count; the Enter key does.
"""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import expect_text, follow
from tests.support.certificate_factory import issue, make_ca


class Person:
    """Somebody at a browser, whose clicks are counted."""

    def __init__(self, page):
        self.page = page
        self.clicks = 0
        page.goto('/')

    def click(self, target):
        self.clicks += 1
        target.click()

    def follow(self, target):
        """Click on what leads to another page."""
        self.clicks += 1
        follow(target)

    def open(self, entry):
        """Open an entry of the menu."""
        self.click(self.page.get_by_role('button', name='Certificates', exact=True))
        self.follow(self.page.get_by_role('link', name=entry, exact=True))

    def press_enter(self):
        self.clicks += 1
        with self.page.expect_navigation():
            self.page.keyboard.press('Enter')


@pytest.fixture
def person(page):
    return Person(page)


@pytest.fixture
def inventory(api, empty_afterwards):
    """Store what somebody asks for: expiring soon, renewed by hand, overdue with a contact, and fine."""
    now = datetime.now(UTC).replace(microsecond=0)
    acme, bought = make_ca("Let's Encrypt", 'R13'), make_ca('DigiCert Inc', 'DigiCert Global G2')
    stored = {}
    for name, ca, age, settings in (
        ('fine.example.net', acme, 10, {'acme_auto_renewal': True}),
        ('manual.example.net', acme, 10, {'acme_auto_renewal': False}),
        ('late.example.net', acme, 80, {'acme_auto_renewal': True}),
        ('bought.example.net', bought, 85, {}),
    ):
        start = now - timedelta(days=age)
        pem = issue([name], ca, start, start + timedelta(days=90)).fullchain_pem
        stored[name] = api.post('plugins/ssl/certificates/import/', {'pem': pem, **settings})['certificate']['id']
    contact = api.post('tenancy/contacts/', {'name': 'Alice', 'phone': '+49 30 123456', 'email': 'alice@example.net'})
    role = api.post('tenancy/contact-roles/', {'name': 'On call', 'slug': 'on-call'})
    about = {'object_type': 'netbox_ssl.certificate', 'object_id': stored['late.example.net']}
    assignment = api.post('tenancy/contact-assignments/', {**about, 'contact': contact['id'], 'role': role['id']})
    yield stored
    for path, made in (('contact-assignments', assignment), ('contacts', contact), ('contact-roles', role)):
        api.delete(f'tenancy/{path}/{made["id"]}/')


def test_import_a_certificate_in_4(person, api, inventory):
    issued = issue(['new.example.net'], make_ca("Let's Encrypt", 'R13'))
    person.open('Smart Paste')
    person.page.fill('#id_text', issued.fullchain_pem)
    person.follow(person.page.get_by_role('button', name='Preview'))
    person.follow(person.page.locator('button[name=_confirm]'))
    expect(person.page).to_have_url(re.compile(r'/plugins/ssl/certificates/\d+/$'))
    assert api.get('plugins/ssl/certificates/', name='new.example.net')['count'] == 1
    assert person.clicks <= 4


def test_what_expires_within_14_days_in_2(person, inventory):
    person.open('Overview')
    expect_text(person.page.locator('[data-attention=soon]'), 'Expiring within 14 days', 'bought.example.net')
    assert person.clicks <= 2


def test_what_is_over_acme_without_auto_renewal_in_2(person, inventory):
    person.open('Overview')
    expect_text(person.page.locator('[data-attention=manual]'), 'ACME without auto-renewal', 'manual.example.net')
    assert person.clicks <= 2


def test_whom_to_call_about_what_is_overdue_in_2(person, inventory):
    person.open('Overview')
    overdue = person.page.locator('[data-attention=overdue]')
    expect_text(overdue, 'late.example.net', 'Alice')
    expect(overdue.locator('a[href="tel:+49 30 123456"]')).to_be_visible()
    assert person.clicks <= 2


def test_whether_a_name_is_fine_in_2(person, inventory):
    field = person.page.get_by_label('Search NetBox').locator('visible=true').first
    person.click(field)
    field.fill('fine.example.net')
    person.press_enter()
    # NetBox renders it for wide and for narrow screens.
    expect(person.page.locator('[data-verdict=fine]').locator('visible=true')).to_have_count(1)
    assert person.clicks <= 2


def test_an_email_when_a_renewal_is_overdue_in_4(person, api, inventory):
    person.open('Renewals')
    person.follow(person.page.get_by_role('link', name='Alert me'))
    person.follow(person.page.get_by_role('button', name='Create', exact=True))
    (rule,) = api.get('extras/event-rules/')['results']
    assert 'netbox_ssl.renewal_overdue' in rule['event_types']
    assert rule['action_type']['value'] == 'netbox_ssl.email'
    assert person.clicks <= 4
