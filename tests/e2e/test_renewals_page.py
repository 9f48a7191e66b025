"""The page *Renewals* by keyboard: a bar can be reached, says what it is, and leads to its certificates."""

from datetime import UTC, datetime, timedelta

from dev.certificate_factory import issue, make_ca


def test_a_bar_is_reached_by_keyboard(page, api, empty_afterwards):
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=50)
    ca = make_ca("Let's Encrypt", 'R13')
    issued = issue(['soon.example.net'], ca, valid_from=start, valid_to=start + timedelta(days=90))
    api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem, 'acme_auto_renewal': True})

    page.goto('/plugins/ssl/renewals/')
    page.get_by_role('link', name='In your calendar').focus()
    page.keyboard.press('Tab')
    focused = page.evaluate('document.activeElement.getAttribute("aria-label")')
    assert focused.startswith('1 certificate becomes due, ')
    page.keyboard.press('Enter')
    page.wait_for_url('**/plugins/ssl/certificates/?*renewal_due_at__gte=*')
    assert page.locator('table tbody tr').count() == 1
    assert page.get_by_role('link', name='soon.example.net').first.is_visible()
