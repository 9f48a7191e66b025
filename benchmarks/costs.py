"""
What a page costs at 1,000, 100,000 and 1,000,000 certificates, each beside pages of NetBox's own at as many IP
addresses. All are fetched in turn over HTTP, by users with the same permissions; NetBox's pages are without what the
plugin adds to them.

A page counts with everything that it loads by itself: tables in panels and widgets are requests of their own.

    make bench ARGS="costs"          up to 1,000,000
    make bench ARGS="costs --small"  up to 100,000
"""

import json
import re
from html import unescape
from urllib.parse import urljoin

from benchmarks import measure, options
from benchmarks.imports import Ours
from benchmarks.inventory import filled, recorded
from benchmarks.netbox import emptied
from dev import processes
from tests.support.api import Api
from tests.support.web_session import fetch, logged_in

SIZES = options.chosen((1_000, 100_000, 1_000_000), (1_000, 100_000), (500,))
ROUNDS = 9
ROWS = 50
# The certificate and the address that are looked at
NUMBER = 321
NAME = f'host{NUMBER}.example.net'
ENGINEER, OTHERS = 'engineer', 'others'

# Pages of the same kind, and why they are. A certificate is compared with an address, too, which has no more than one
# table, and a name with the address that has it.
ADDRESS = 'IP address'
# Attributes, contacts and tags, and tables of what belongs to it, in panels
DEVICE = 'device'
# Counts of everything in NetBox and the last changes: NetBox's default dashboard
HOME = 'home page'
# It also shows what is known of a name.
SEARCH = 'search for the name'
COMPARED = (
    ('list', 'list of IP addresses'),
    ('certificate', DEVICE),
    # Without what it loads by itself: one table more than a device, and the suggested assignments
    ('certificate alone', 'device alone'),
    ('certificate', ADDRESS),
    ('Overview', HOME),
    ('Renewals', HOME),
    ('By Name', SEARCH),
    ('By Name', ADDRESS),
    ('REST list', 'REST list of IP addresses'),
    ('REST certificate', 'REST IP address'),
    ('GraphQL list', 'GraphQL list of IP addresses'),
)

QUERY = """{ %s(filters: {}, pagination: {limit: 50}) { id %s tags { name } } }"""
USED = """
from benchmarks.used_objects import create_users, make_used
from ipam.models import IPAddress
import json
create_users({password!r}, {engineer!r}, {others!r})
certificate, device = make_used()
address = IPAddress.objects.get(dns_name={name!r})
print(json.dumps([each.pk for each in (certificate, device, address)]))
"""
# What HTMX fetches as soon as it is on the page
LOADED = re.compile(r'<[^>]*hx-trigger="load"[^>]*>')
ADDRESS_OF = re.compile(r'hx-get="([^"]*)"')


def main():
    rows = []
    stack = Ours(emptied())
    try:
        stack.start()
        have, pages = 0, None
        for size in SIZES:
            filled(stack, size, have)
            pages = pages or works(stack)
            recorded(stack)
            have = size
            rows += compare(pages, size)
    finally:
        stack.stop()
    measure.table(['page', 'certificates', 'median', "NetBox's", 'median', 'ratio'], rows)


def compare(pages: dict, size: int) -> list[tuple]:
    """Return the row of each comparison at a size."""
    for work in pages.values():
        # The first request loads code, and a new size makes old query plans useless.
        work(0)
    times = {name: measure.median(each) for name, each in measure.interleaved(ROUNDS, **pages).items()}
    return [
        (ours, f'{size:,}', milliseconds(times[ours]), other, milliseconds(times[other]), ratio(times, ours, other))
        for ours, other in COMPARED
    ]


def works(stack) -> dict:
    """Return the name → work of all pages."""
    password = processes.password()
    code = USED.format(password=password, engineer=ENGINEER, others=OTHERS, name=NAME)
    certificate, device, address = json.loads(stack.manage(code).splitlines()[-1])
    engineer, others = (logged_in(stack, name, password) for name in (ENGINEER, OTHERS))

    def page(path, session=engineer):
        return lambda _: opened(session, f'{stack.base_url}/{path}')

    return {
        'list': page(f'plugins/ssl/certificates/?per_page={ROWS}'),
        'list of IP addresses': page(f'ipam/ip-addresses/?per_page={ROWS}', others),
        'certificate': page(f'plugins/ssl/certificates/{certificate}/'),
        DEVICE: page(f'dcim/devices/{device}/', others),
        'certificate alone': lambda _: fetch(engineer, f'{stack.base_url}/plugins/ssl/certificates/{certificate}/'),
        'device alone': lambda _: fetch(others, f'{stack.base_url}/dcim/devices/{device}/'),
        ADDRESS: page(f'ipam/ip-addresses/{address}/', others),
        'Overview': page('plugins/ssl/overview/'),
        'Renewals': page('plugins/ssl/renewals/'),
        HOME: page('', others),
        'By Name': page(f'plugins/ssl/by-name/?name={NAME}'),
        SEARCH: page(f'search/?q={NAME}', others),
        **answers(stack, certificate, address),
    }


def answers(stack, certificate: int, address: int) -> dict:
    """Return the name → work of what REST and GraphQL answer."""
    api = Api(stack.base_url, stack.authorization)

    def rest(path):
        return lambda _: api.get(path)

    def graphql(kind, fields):
        query = {'query': QUERY % (kind, fields)}
        url = f'{stack.base_url}/graphql/'

        def work(_):
            answer = api.session.post(url, json=query, timeout=120).json()
            assert len(answer['data'][kind]) == ROWS

        return work

    return {
        'REST list': rest(f'plugins/ssl/certificates/?limit={ROWS}'),
        'REST list of IP addresses': rest(f'ipam/ip-addresses/?limit={ROWS}'),
        'REST certificate': rest(f'plugins/ssl/certificates/{certificate}/'),
        'REST IP address': rest(f'ipam/ip-addresses/{address}/'),
        'GraphQL list': graphql('certificate_list', 'name valid_to renewal_status'),
        'GraphQL list of IP addresses': graphql('ip_address_list', 'dns_name address status'),
    }


def opened(session, url: str) -> None:
    """Fetch a page, and what it loads by itself."""
    for tag in LOADED.findall(fetch(session, url)):
        path = unescape(ADDRESS_OF.search(tag)[1])
        fetch(session, urljoin(url, path), **{'HX-Request': 'true'})


def milliseconds(seconds: float) -> str:
    return f'{seconds * 1000:.0f} ms'


def ratio(times: dict, ours: str, other: str) -> str:
    return f'{times[ours] / times[other]:.2f}'
