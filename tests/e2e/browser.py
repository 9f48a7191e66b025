"""
Chromium, driven by Playwright: the one of this machine, as Playwright's own is not in the package index.

What a person does by looking twice, a test does here: :func:`follow` a link until the next page is there,
:func:`choose` from a menu that asks the server. What a page shows is looked at by Playwright's ``expect()`` and by
:func:`expect_text`, which look again until it is so: ``count()`` and ``is_visible()`` tell what is there right now.
"""

import os
import re
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from dev import processes
from tests.support import programs

VIEWPORT = {'width': 1440, 'height': 1000}
# Milliseconds. None is ever waited for in full: it is what a machine with much else to do may take for one step.
PATIENCE = 1000 * processes.PATIENCE
# A menu that fades out still covers what is below it.
NO_ANIMATIONS = """addEventListener('DOMContentLoaded', () => {
    const style = document.createElement('style');
    style.textContent = '*, *::before, *::after { transition: none !important; animation: none !important; }';
    document.head.append(style);
});"""
# What a menu of NetBox (TomSelect) does by itself comes late: it looks at what was typed after 300 ms, asks the server,
# and opens once more, over the next field if need be. Not before that are its options those for what was typed.
HAS_ANSWERED = """([field, typed]) => {
    const menu = document.getElementById(field)?.tomselect;
    return menu && menu.lastValue === typed && !menu.refreshTimeout && !menu.loading;
}"""
# Nothing but the page itself: no updates, no safe browsing lists, no field trials, no first-run pages.
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
    """The browser process, as long as the context lasts."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=programs.find('chromium'), args=list(QUIET))
        try:
            yield browser
        finally:
            browser.close()


def new_context(browser, **options):
    """Like a fresh browser: no cookies but those given, no animations, patience with a busy machine."""
    context = browser.new_context(viewport=VIEWPORT, reduced_motion='reduce', **options)
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    context.add_init_script(NO_ANIMATIONS)
    return context


def log_in(page, stack):
    """Through the login form, as a person does."""
    page.goto(f'{stack.base_url}/login/')
    page.fill('#id_username', stack.username)
    page.fill('#id_password', stack.password)
    follow(page.locator('button[type=submit]'))
    expect(page).to_have_url(f'{stack.base_url}/')


def follow(target):
    """Click on what leads to another page, and wait until that one has come, with its scripts."""
    with target.page.expect_navigation():
        target.click()


def choose(page, field, label):
    """
    Type a label into one of NetBox's menus, take the option, and leave the field.

    Args:
        page: a page with the form
        field: the ``id`` of the select
        label: what the option says, or the end of it
    """
    control = page.locator(f'#{field}-ts-control')
    menu = page.locator(f'#{field}-ts-dropdown')
    option = menu.locator('.option', has_text=re.compile(rf'(^|\W){re.escape(label)}\s*$')).first
    # By keyboard, and events to the elements themselves: neither can hit another menu that is in the way.
    control.focus()
    control.fill(label)
    page.wait_for_function(HAS_ANSWERED, arg=[field, label])
    option.dispatch_event('click')
    control.blur()
    expect(menu).to_be_hidden()
    expect(page.locator(f'#{field} + .ts-wrapper .item', has_text=label)).to_be_visible()


def expect_text(target, *texts):
    """Wait until a person can read all of these there."""
    for text in texts:
        expect(target).to_contain_text(text, use_inner_text=True)


def picture(page, name):
    """For README and docs: `make test` looks only; with SCREENSHOTS=docs/images it keeps what it saw."""
    if folder := os.environ.get('SCREENSHOTS'):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder, f'{name}.png'))


def pictures(page, name):
    """:func:`picture` in both of NetBox's color modes."""
    for mode in ('light', 'dark'):
        page.evaluate('mode => setMode(mode)', mode)
        picture(page, f'{name}-{mode}')
    page.evaluate("setMode('light')")
