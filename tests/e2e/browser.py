"""Chromium, driven by Playwright: the one of this machine, as Playwright's own is not in the package index."""

import os
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.support import programs

VIEWPORT = {'width': 1440, 'height': 1000}
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


def log_in(page, stack):
    """Through the login form, as a person does."""
    page.goto(f'{stack.base_url}/login/')
    page.fill('#id_username', stack.username)
    page.fill('#id_password', stack.password)
    page.click('button[type=submit]')
    page.wait_for_url(f'{stack.base_url}/')


def picture(page, name):
    """For README and docs: `make test` looks only; with SCREENSHOTS=docs/images it keeps what it saw."""
    if folder := os.environ.get('SCREENSHOTS'):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder, f'{name}.png'))
