"""REST and UI lists of 50 rows at 100,000 certificates, compared with NetBox's list of 100,000 IP addresses."""

from benchmarks import measure, options
from benchmarks.inventory import filled
from benchmarks.netbox import emptied
from tests.support.api import Api
from tests.support.stack import Stack
from tests.support.web_session import fetch, logged_in

ROWS = options.chosen(100_000, 10_000, 500)
ROUNDS = 15


def main():
    stack = Stack(emptied())
    try:
        stack.start()
        filled(stack, ROWS)
        compare(stack)
    finally:
        stack.stop()


def compare(stack):
    api = Api(stack.base_url, stack.authorization)
    browser = logged_in(stack)
    page = f'{stack.base_url}/plugins/ssl/certificates/?per_page=50'
    works = {
        'REST, IP addresses': lambda _: api.get('ipam/ip-addresses/', limit=50),
        'REST, certificates': lambda _: api.get('plugins/ssl/certificates/', limit=50),
        'UI, IP addresses': lambda _: fetch(browser, f'{stack.base_url}/ipam/ip-addresses/?per_page=50'),
        'UI, certificates': lambda _: fetch(browser, page),
        'UI, certificates, renewal_status=Due': lambda _: fetch(browser, f'{page}&renewal_status=Due'),
        'UI, certificates, validity=Expiring': lambda _: fetch(browser, f'{page}&validity=Expiring'),
        'UI, certificates, sorted by validity': lambda _: fetch(browser, f'{page}&sort=validity'),
        'UI, certificates, sorted by due time': lambda _: fetch(browser, f'{page}&sort=renewal_due_at'),
        'UI, certificates, sorted by renewal status': lambda _: fetch(browser, f'{page}&sort=renewal_status'),
    }
    for work in works.values():
        work(0)
    times = {name: measure.median(each) for name, each in measure.interleaved(ROUNDS, **works).items()}
    rows = []
    for name, seconds in times.items():
        base = times[f'{name.partition(",")[0]}, IP addresses']
        rows.append((name, f'{seconds * 1000:.0f} ms', f'{seconds / base:.2f}'))
    measure.table([f'list of 50 at {ROWS:,}', 'median', '× IP addresses'], rows)
