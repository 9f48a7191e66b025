"""
What a page costs at 1,000, 100,000 and 1,000,000 certificates, each beside a page of NetBox's own of the same kind at
as many IP addresses. Both are fetched in turn over HTTP.

    make bench ARGS="costs"          up to 1,000,000
    make bench ARGS="costs --small"  up to 100,000
"""

from benchmarks import measure, options
from benchmarks.imports import Ours
from benchmarks.inventory import filled
from benchmarks.netbox import emptied
from tests.support.api import Api
from tests.support.web_session import fetch, logged_in

SIZES = options.chosen((1_000, 100_000, 1_000_000), (1_000, 100_000), (500,))
ROUNDS = 9
ROWS = 50
# The certificate and the address that are looked at
NUMBER = 321

DETAIL = 'IP address'
HOME = 'home page'
QUERY = """{ %s(filters: {}, pagination: {limit: 50}) { id %s tags { name } } }"""
ANSWER = """
from netbox_ssl.models import Certificate
from ipam.models import IPAddress
print(Certificate.objects.get(name='host{number}.example.net').pk)
print(IPAddress.objects.get(dns_name='host{number}.example.net').pk)
"""


def main():
    rows = []
    stack = Ours(emptied())
    try:
        stack.start()
        have = 0
        for size in SIZES:
            filled(stack, size, have)
            have = size
            rows += compare(stack, size)
    finally:
        stack.stop()
    measure.table(['page', 'certificates', 'median', "NetBox's", 'median', 'ratio'], rows)


def compare(stack, size: int) -> list[tuple]:
    """Return the row of each page at a size."""
    pages = works(stack)
    for work in pages.values():
        # The first request loads code, and a new size makes old query plans useless.
        work(0)
    times = {name: measure.median(each) for name, each in measure.interleaved(ROUNDS, **pages).items()}
    return [
        (ours, f'{size:,}', milliseconds(times[ours]), other, milliseconds(times[other]), ratio(times, ours, other))
        for ours, other in PAIRS.items()
    ]


# Page → NetBox's page of the same kind
PAIRS = {
    'list': 'list of IP addresses',
    'certificate': DETAIL,
    'Overview': HOME,
    'Renewals': HOME,
    'By Name': DETAIL,
    'REST list': 'REST list of IP addresses',
    'REST certificate': 'REST IP address',
    'GraphQL list': 'GraphQL list of IP addresses',
}


def works(stack) -> dict:
    """Return the name → work of all pages."""
    api = Api(stack.base_url, stack.authorization)
    browser = logged_in(stack)
    certificate, address = stack.manage(ANSWER.format(number=NUMBER)).split()

    def page(path):
        return lambda _: fetch(browser, f'{stack.base_url}/{path}')

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
        'list': page(f'plugins/ssl/certificates/?per_page={ROWS}'),
        'list of IP addresses': page(f'ipam/ip-addresses/?per_page={ROWS}'),
        'certificate': page(f'plugins/ssl/certificates/{certificate}/'),
        DETAIL: page(f'ipam/ip-addresses/{address}/'),
        'Overview': page('plugins/ssl/overview/'),
        'Renewals': page('plugins/ssl/renewals/'),
        HOME: page(''),
        'By Name': page(f'plugins/ssl/by-name/?name=host{NUMBER}.example.net'),
        'REST list': rest(f'plugins/ssl/certificates/?limit={ROWS}'),
        'REST list of IP addresses': rest(f'ipam/ip-addresses/?limit={ROWS}'),
        'REST certificate': rest(f'plugins/ssl/certificates/{certificate}/'),
        'REST IP address': rest(f'ipam/ip-addresses/{address}/'),
        'GraphQL list': graphql('certificate_list', 'name valid_to renewal_status'),
        'GraphQL list of IP addresses': graphql('ip_address_list', 'dns_name address status'),
    }


def milliseconds(seconds: float) -> str:
    return f'{seconds * 1000:.0f} ms'


def ratio(times: dict, ours: str, other: str) -> str:
    return f'{times[ours] / times[other]:.2f}'
