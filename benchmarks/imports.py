"""
REST imports in lists of 100 and 1,000, compared with the peer's bulk import and with NetBox's own creation of IP
addresses. Each has one gunicorn worker and a worker for the search index; they run in turn.
"""

import sys

from benchmarks import certificates, measure, options
from benchmarks.netbox import emptied
from benchmarks.peer import PeerStack
from tests.support.api import Api
from tests.support.stack import Stack

ROUNDS = options.rounds(6)
IMPORT = 'plugins/ssl/certificates/import/'


class Ours(Stack):
    def start_web(self, workers=1):
        super().start_web(workers=1)


def main():
    environment = emptied()
    ours = Ours(environment)
    peer = None if '--without-peer' in sys.argv or options.tiny() else PeerStack(environment)
    try:
        ours.start()
        if peer:
            peer.migrate()
            peer.start()
        compare(ours, peer)
    finally:
        ours.stop()
        if peer:
            peer.stop()


def compare(ours, peer):
    api = Api(ours.base_url, ours.authorization)
    hundreds = certificates.pems(100 * (ROUNDS + 1), 'h')
    thousands = certificates.pems(1000 * (ROUNDS + 1), 't')
    works = {
        'ours, lists of 100': lambda number: send(api, hundreds, number, 100),
        'ours, lists of 1,000': lambda number: send(api, thousands, number, 1000),
        'ours, unchanged, lists of 100': lambda number: send(api, hundreds, number, 100),
        'NetBox, IP addresses, lists of 100': lambda number: addresses(api, number),
    }
    sizes = dict.fromkeys(works, 100) | {'ours, lists of 1,000': 1000}
    if peer:
        peer_api = Api(peer.base_url, peer.authorization)
        works['peer, lists of 100'] = lambda number: send_to_peer(peer_api, hundreds, number)
        sizes['peer, lists of 100'] = 100
    # Warm up: the first request of a process loads code and data.
    for work in works.values():
        work(ROUNDS)
    times = measure.interleaved(ROUNDS, **works)
    rates = {name: sizes[name] / measure.median(each) for name, each in times.items()}
    rows = [
        (name, f'{rate:.0f} /s', *(f'{rate / rates[other]:.1f}' for other in rates if not other.startswith('ours')))
        for name, rate in rates.items()
    ]
    others = [f'× {other}' for other in rates if not other.startswith('ours')]
    measure.table(['work', 'rate (median)', *others], rows)


def send(api, pems, number, size):
    part = pems[number * size : (number + 1) * size]
    answer = api.post(IMPORT, [{'pem': pem, 'acme_auto_renewal': True} for pem in part])
    assert len(answer) == size


def send_to_peer(api, pems, number):
    part = pems[number * 100 : (number + 1) * 100]
    api.post('plugins/ssl/certificates/bulk-import/', [{'pem_content': pem} for pem in part])


def addresses(api, number):
    api.post('ipam/ip-addresses/', [{'address': f'10.{number}.{each // 250}.{each % 250}/32'} for each in range(100)])
