"""
Chromium, driven by Playwright. It is the browser of this machine, because Playwright's is not in the package index.

``follow()`` clicks a link and waits for the next page; ``choose()`` selects from a menu that queries the server. Tests
check pages with Playwright's ``expect()`` and with ``expect_text()``, which wait for the expected state, while
``count()`` and ``is_visible()`` return the current state.
"""

import os
import re
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from dev import processes
from tests.support import programs

VIEWPORT = {'width': 1440, 'height': 1000}
PHONE = {'width': 390, 'height': 844}
# Milliseconds that one step may take on a busy machine. Tests normally do not wait this long.
PATIENCE = 1000 * processes.PATIENCE
# A menu that fades out still covers the elements below it.
NO_ANIMATIONS = """addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';
    document.head.append(style);
});"""
# A menu of NetBox (TomSelect) reacts with a delay: 300 ms after typing it queries the server and opens again, possibly
# over the next field. Only then do its options match the text.
HAS_ANSWERED = """([field, typed]) => {
    const menu = document.getElementById(field)?.tomselect;
    return menu && menu.lastValue === typed && !menu.refreshTimeout && !menu.loading;
}"""
# No requests besides the page: no updates, safe browsing lists, field trials or first-run pages
QUIET = (
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-client-side-phishing-detection',
    '--disable-component-update',
    '--disable-default-apps',
    '--disable-dev-shm-usage',
    '--disable-domain-reliability',
    '--disable-extensions',
    '--disable-features=MediaRouter,OptimizationHints,AutofillServerCommunication,CertificateTransparencyComponentUpdater',
    '--disable-sync',
    '--metrics-recording-only',
    '--no-default-browser-check',
    '--no-first-run',
    '--no-pings',
    '--force-color-profile=srgb',
    '--font-render-hinting=none',
)


@contextmanager
def chromium():
    """Run the browser for the duration of the context."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=programs.find('chromium'), args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser, **options):
    """Return a fresh browser context: only the given cookies, no animations, long timeouts for a busy machine."""
    context = browser.new_context(viewport=VIEWPORT, reduced_motion='reduce', **options)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    context.add_init_script(NO_ANIMATIONS)
    return context


def log_in(page, stack):
    """Log in through the form."""
    page.goto(f'{stack.base_url}/login/')
    page.fill('#id_username', stack.username)
    page.fill('#id_password', stack.password)
    follow(page.locator('button[type=submit]'))
    expect(page).to_have_url(f'{stack.base_url}/')


def follow(target):
    """Click on a link or button to another page, and wait until that page and its scripts are loaded."""
    with target.page.expect_navigation():
        target.click()


def settle(page, url):
    """Open a page, and wait for the parts that are loaded after it."""
    page.goto(url)
    page.wait_for_load_state('networkidle')


def choose(page, field, label):
    """
    Type a label into one of NetBox's menus, take the option, and leave the field.

    Args:
        page: a page with the form
        field: the ``id`` of the select
        label: the text of the option, or its end
    """
    control = page.locator(f'#{field}-ts-control')
    menu = page.locator(f'#{field}-ts-dropdown')
    option = menu.locator('.option', has_text=re.compile(rf'(^|\W){re.escape(label)}\s*$')).first
    # Use the keyboard, and events on the elements themselves, which cannot hit another menu in front of them.
    control.focus()
    control.fill(label)
    page.wait_for_function(HAS_ANSWERED, arg=[field, label])
    option.dispatch_event('click')
    control.blur()
    expect(menu).to_be_hidden()
    expect(page.locator(f'#{field} + .ts-wrapper .item', has_text=label)).to_be_visible()


def expect_text(target, *texts):
    """Wait until all of these texts are visible there."""
    for text in texts:
        expect(target).to_contain_text(text, use_inner_text=True)


def picture(page, name):
    """Take a picture for README and docs, stored only with SCREENSHOTS=docs/images."""
    if folder := os.environ.get('SCREENSHOTS'):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder, f'{name}.png'))


def pictures(page, name):
    """Take a picture in each of NetBox's color modes."""
    for mode in ('light', 'dark'):
        page.evaluate('mode => setMode(mode)', mode)
        picture(page, f'{name}-{mode}')
    page.evaluate("setMode('light')")
