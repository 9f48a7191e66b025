"""Smart Paste with many files in the browser: chosen, dropped, imported in the background; and the history."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import expect_text, follow, pictures
from tests.e2e.test_person import R13
from tests.support.certificate_factory import issue, make_ca

BACKGROUND_FROM = 'from netbox_ssl.jobs.smart_paste import BACKGROUND_FROM; print(BACKGROUND_FROM)'
DROP = """(form, files) => {
    const dataTransfer = new DataTransfer();
    for (const file of files) {
        dataTransfer.items.add(new File([Uint8Array.from(atob(file.content), char => char.charCodeAt(0))], file.name));
    }
    for (const type of ['dragenter', 'dragover', 'drop']) {
        form.dispatchEvent(new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true}));
    }
}"""


@pytest.fixture(scope='module')
def ca():
    return make_ca("Let's Encrypt", 'R13', key_id=R13)


def file(name, content):
    return {'name': name, 'mimeType': 'application/octet-stream', 'buffer': content}


def preview(page):
    follow(page.locator('button[name=_preview]'))
    expect(page.locator('button[name=_confirm]')).to_be_visible()


def test_choose_several_files_and_confirm(page, api, ca, empty_afterwards):
    now = datetime.now(UTC).replace(microsecond=0)
    before = now - timedelta(days=60)
    old = issue(['shop.example.net'], ca, valid_from=before, valid_to=before + timedelta(days=90))
    renewed = api.post('plugins/ssl/certificates/import/', {'pem': old.fullchain_pem, 'acme_auto_renewal': True})
    new = issue(['shop.example.net'], ca)
    others = {name: issue([f'{name}.example.net', f'www.{name}.example.net'], ca) for name in ('a', 'b', 'c')}
    secret = issue(['d.example.net'], ca)

    page.goto('/plugins/ssl/certificates/smart-paste/')
    page.fill('#id_text', new.fullchain_pem)
    page.set_input_files(
        '#id_file',
        [
            file('a.pem', others['a'].fullchain_pem.encode()),
            file('b.der', others['b'].der),
            file('c.pem', others['c'].fullchain_pem.encode()),
            file('privkey.pem', secret.key_pem.encode()),
            file('notes.txt', b'nothing of interest'),
        ],
    )
    listed = page.locator('[data-file-list]')
    expect_text(listed, 'a.pem', 'notes.txt')
    pictures(page, 'paste-many')

    preview(page)
    rows = page.locator('tr[data-action]')
    assert sorted(row.get_attribute('data-action') for row in rows.all()) == ['created'] * 3 + ['renewed']
    link = page.locator('tr[data-action=renewed] a').get_attribute('href')
    assert link == f'/plugins/ssl/certificates/{renewed["certificate"]["id"]}/'
    refused = page.locator('[data-refused]').all_inner_texts()
    assert len(refused) == 2 and 'privkey.pem' in refused[0] and 'private key' in refused[0]
    assert secret.key_pem.splitlines()[1] not in page.content()
    assert api.get('plugins/ssl/certificates/')['count'] == 1, 'nothing before it is confirmed'
    pictures(page, 'paste-many-preview')

    follow(page.locator('button[name=_confirm]'))
    expect(page).to_have_url(re.compile('/smart-paste/results/'))
    assert api.get('plugins/ssl/certificates/')['count'] == 4
    pictures(page, 'paste-many-results')
    follow(page.locator('tr[data-action=renewed] a'))
    expect(page).to_have_url(re.compile(r'/plugins/ssl/certificates/\d+/$'))
    expect_text(page.locator('h1.page-title'), 'shop.example.net')


def test_drop_files(page, ca, empty_afterwards):
    page.goto('/plugins/ssl/certificates/smart-paste/')
    form = page.locator('#smart-paste')
    for name in ('first', 'second'):
        content = base64.b64encode(issue([f'{name}.example.net'], ca).der).decode()
        form.evaluate(DROP, [{'name': f'{name}.der', 'content': content}])
    expect(page.locator('[data-file-list] li')).to_have_text(['first.der', 'second.der'])
    preview(page)
    expect(page.locator('.card[data-action=created]')).to_have_count(2)

    page.goto('/plugins/ssl/certificates/smart-paste/')
    form.evaluate(DROP, [{'name': f'{number}.pem', 'content': ''} for number in range(101)])
    page.click('button[name=_preview]')
    expect(page.locator('[data-file-list] .text-danger').first, 'more than the server takes').to_be_visible()
    page.click('[data-file-clear]')
    expect(page.locator('[data-files]')).to_be_hidden()

    text = page.locator('#id_text')
    text.evaluate("field => { field.value = 'x'.repeat(3_000_000); }")
    page.click('button[name=_preview]')
    expect(page.locator('[data-file-list] .text-danger').first, 'it would be lost').to_be_visible()
    assert text.evaluate('field => field.value.length') == 3_000_000


def test_many_in_the_background(page, stack, api, ca, empty_afterwards):
    many = int(stack.manage(BACKGROUND_FROM)) + 50
    issued = [issue([f'n{number}.example.net'], ca) for number in range(many)]
    bundles = [issued[start : start + 50] for start in range(0, len(issued), 50)]
    page.goto('/plugins/ssl/certificates/smart-paste/')
    page.set_input_files(
        '#id_file',
        [file(f'{number}.pem', ''.join(each.pem for each in some).encode()) for number, some in enumerate(bundles)],
    )
    preview(page)
    expect_text(page.locator('.tab-pane'), 'in the background')
    follow(page.locator('button[name=_confirm]'))
    expect(page).to_have_url(re.compile('/smart-paste/jobs/'))
    pictures(page, 'paste-many-progress')
    # The page polls automatically, without being reloaded.
    expect(page.locator('tr[data-action=created]')).to_have_count(len(issued))
    assert api.get('plugins/ssl/certificates/', limit=1)['count'] == len(issued)
    follow(page.get_by_role('link', name='Background job'))
    expect(page.get_by_role('button', name='Results').first).to_be_visible()
    pictures(page, 'paste-many-job')


def test_history(page, api, ca, empty_afterwards):
    now = datetime.now(UTC).replace(microsecond=0)
    # One renewal was late.
    begins = [now - timedelta(days=days) for days in (330, 270, 210, 115, 55)]
    for begin in begins:
        issued = issue(['www.example.net'], ca, valid_from=begin, valid_to=begin + timedelta(days=90))
        answer = api.post('plugins/ssl/certificates/import/', {'pem': issued.fullchain_pem, 'acme_auto_renewal': True})
    page.goto(f'/plugins/ssl/certificates/{answer["certificate"]["id"]}/')
    follow(page.locator('.page-tabs').get_by_role('link', name='History'))
    drawing = page.locator('svg.netbox-ssl-timeline')
    # The current one also has zones in which it is due and overdue.
    expect(drawing.locator('rect')).to_have_count(2 * len(begins) + 2)
    expect(drawing).to_contain_text('5 days after expiry')
    for mark in drawing.locator('[data-mark]').all():
        box, outer = mark.bounding_box(), drawing.bounding_box()
        assert outer['x'] <= box['x'] <= outer['x'] + outer['width']
    pictures(page, 'history')
    page.set_viewport_size({'width': 420, 'height': 900})
    pictures(page, 'history-narrow')
