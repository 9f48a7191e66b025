"""A user in the browser: paste, confirm, edit, filter. Takes the pictures of README and docs."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import expect_text, follow, picture
from tests.support.certificate_factory import issue, make_ca

# The real key identifier of R13, so that the picture looks like a real certificate
R13 = 'e7ab9f0f2c33a053d35e4f78c8b2840e3bd69233'


@pytest.fixture
def inventory(api, empty_afterwards):
    """Create a certificate in every renewal status, in addition to the pasted one."""
    now = datetime.now(UTC).replace(microsecond=0)
    ca = make_ca("Let's Encrypt", 'E8')
    ages = {'due.example.net': 65, 'overdue.example.net': 80, 'expired.example.net': 93, 'ok.example.net': 10}
    for name, days in ages.items():
        start = now - timedelta(days=days)
        issued = issue([name], ca, valid_from=start, valid_to=start + timedelta(days=90))
        api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem, 'acme_auto_renewal': True})
    issued = issue(['manual.example.net'], make_ca('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA'))
    api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem})


def test_paste_confirm_edit_filter(page, api, inventory):
    issued = issue(['www.example.com', 'example.com'], make_ca("Let's Encrypt", 'R13', key_id=R13))

    page.goto('/plugins/ssl/certificates/')
    follow(page.get_by_role('button', name='Smart Paste').first)
    page.fill('#id_text', issued.fullchain_pem)
    follow(page.locator('button[name=_preview]'))
    card = page.locator('[data-action=created]')
    expect_text(card, 'www.example.com', "Let's Encrypt", 'Will be created')
    assert not api.get('plugins/ssl/certificates/', q='www.example.com')['count'], 'nothing before it is confirmed'
    picture(page, 'smart-paste')

    follow(page.locator('button[name=_confirm]'))
    expect(page).to_have_url(re.compile(r'/plugins/ssl/certificates/\d+/$'))
    expect(page.locator('.badge', has_text='Manual').first).to_be_visible()

    page.goto(page.url + 'edit/')
    expect(page.locator('#id_is_acme')).to_be_checked()
    expect(page.locator('#id_acme_provider')).to_have_value("Let's Encrypt")
    page.check('#id_acme_auto_renewal')
    page.fill('#id_acme_account_email', 'tls@example.com')
    page.fill('#id_acme_server_url', 'https://acme-v02.api.letsencrypt.org/directory')
    page.fill('#id_acme_renewal_days', '20')
    follow(page.locator('button[name=_update]'))
    expect(page).to_have_url(re.compile(r'/plugins/ssl/certificates/\d+/$'))
    expect(page.locator('.badge', has_text='OK').first).to_be_visible()
    expect_text(page.locator('body'), 'due in')
    picture(page, 'certificate')

    page.goto('/plugins/ssl/certificates/')
    picture(page, 'certificate-list')
    for status, names in (
        ('Expired', {'expired.example.net'}),
        ('Due', {'due.example.net', 'overdue.example.net'}),
        ('Manual', {'manual.example.net'}),
        ('OK', {'ok.example.net', 'www.example.com'}),
    ):
        page.goto(f'/plugins/ssl/certificates/?renewal_status={status}')
        shown = {link.inner_text() for link in page.locator('td a[href^="/plugins/ssl/certificates/"]').all()}
        assert names == {name for name in shown if name.endswith(('.net', '.com'))}


def test_errors_keep_the_text_and_name_the_remedy(page):
    page.goto('/plugins/ssl/certificates/smart-paste/')
    page.fill('#id_text', 'not a certificate')
    follow(page.locator('button[name=_preview]'))
    expect(page.locator('#id_text')).to_have_value('not a certificate')
    expect_text(page.locator('form.form'), 'BEGIN CERTIFICATE')


def test_private_key_is_not_shown_again(page):
    issued = issue(['key.example.net'], make_ca("Let's Encrypt", 'R13'))
    body = issued.key_pem.splitlines()[1]
    page.goto('/plugins/ssl/certificates/smart-paste/')
    page.fill('#id_text', issued.key_pem + issued.pem)
    follow(page.locator('button[name=_preview]'))
    expect_text(page.locator('form.form'), 'private key')
    assert body not in page.content()
