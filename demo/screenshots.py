"""
`make screenshots`: pictures of all pages with the inventory of the demo, light, dark, and on a phone, to look at.

They are in .state/screenshots, in a folder for each of the three. The folder ``docs`` has the first screen of the pages
that README and docs show: copy it to docs/images.
"""

import shutil

from demo import inventory
from dev import paths
from dev.console import say, step
from dev.environment import prepared
from dev.stack import Stack
from tests.e2e.browser import PHONE, VIEWPORT, chromium, log_in, new_context, settle
from tests.support.api import Api
from tests.support.pages import PAGES, ids_of
from tests.support.receiver import Receiver

FOLDER = paths.STATE / 'screenshots'
# The folder → NetBox's color mode and the size of the window
KINDS = {'light': ('light', VIEWPORT), 'dark': ('dark', VIEWPORT), 'phone': ('light', PHONE)}
PUBLISHED = ('overview', 'renewals', 'certificates')
# A certificate whose hosts differ, and one of its hosts
CERTIFICATE, DEVICE = '*.shop.example.com', 'web-03'


def screenshots(_arguments):
    shutil.rmtree(FOLDER, ignore_errors=True)
    with prepared() as environment:
        environment.databases.copy(environment.database)
        stack, receiver = Stack(environment), Receiver()
        try:
            with step('starting NetBox'):
                stack.start()
            api = Api(stack.base_url, stack.authorization)
            with step('filling in the inventory of the demo'):
                inventory.fill(api)
                inventory.refresh(api, receiver.url)
                stack.run_module('demo.within_netbox')
            with step('taking pictures'):
                take(stack, ids_of(api, CERTIFICATE, DEVICE))
        finally:
            stack.stop()
            receiver.close()
    say(f'{len(PAGES) * len(KINDS)} pictures are in {FOLDER}')


def take(stack, ids):
    with chromium() as browser:
        context = new_context(browser, base_url=stack.base_url)
        page = context.new_page()
        log_in(page, stack)
        for name, path in PAGES.items():
            page.set_viewport_size(VIEWPORT)
            settle(page, path.format(**ids))
            if name in PUBLISHED:
                page.screenshot(path=FOLDER / 'docs' / f'{name}.png')
            for kind, (mode, size) in KINDS.items():
                page.set_viewport_size(size)
                page.evaluate('mode => setMode(mode)', mode)
                file = FOLDER / kind / f'{name.replace(" ", "-")}.png'
                file.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=file, full_page=True)
            page.evaluate("setMode('light')")
        context.close()
