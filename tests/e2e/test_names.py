"""A name looked up in the browser, and the widgets on the dashboard."""

from datetime import UTC, datetime, timedelta

import pytest

from dev.certificate_factory import issue, make_ca
from tests.e2e.test_paste_many import pictures
from tests.e2e.test_person import R13

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
