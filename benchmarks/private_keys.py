"""
The search for private keys: searches for inputs on which it is slow, by combining and mutating fragments, and keeping
the slowest. Prints the processor time per 100 kB of ordinary texts and of the slowest found.

    make bench ARGS="private-keys"             10,000 inputs
    make bench ARGS="private-keys --count=500"
"""

import base64
import os
import random
import time

from benchmarks import measure, options
from netbox_ssl.x509 import find_private_key

LENGTH = 100_000
# The slowest inputs, from which others are made
KEPT = 30
FRAGMENTS = (
    *'MA-_+/=\\%<>:".\n',
    ' ',
    'MI',
    'MII',
    'BEGIN',
    'END',
    'PRIVATE KEY',
    'private key',
    '-----BEGIN ',
    'PrivateKey = ',
    'PresharedKey',
    'Private-key-format: v',
    'PuTTY-User-Key-File-2',
    'OpenVPN Static key',
    'AGE-SECRET-KEY-1',
    '"kty":"',
    '"d":"',
    '<RSAKeyValue>',
    '<D>',
    'privateExponent:',
    'priv:',
    '\\x30',
    '\\n',
    '\\u000a',
    '%41',
    '3082',
    '0x30',
    '02:01',
    'V',
    'U1VV',
    'Aa1' * 11,
    '東',
)
ORDINARY = {
    'certificates': lambda: (
        '-----BEGIN CERTIFICATE-----\n' + base64.encodebytes(random.Random(1).randbytes(75_000)).decode()
    ),
    'prose': lambda: 'The certificate of the web server is renewed by certbot on host a. ' * 1_500,
    'host names': lambda: ''.join(f'host-{number}.example.net\n' for number in range(4_500)),
}


def main():
    count = options.number('count', options.chosen(10_000, 500, 5))
    rows = [(name, f'{milliseconds(make()[:LENGTH]):.1f}') for name, make in ORDINARY.items()]
    rows += [(repr(unit[:60]), f'{spent:.1f}') for spent, unit in slowest(count)[:10]]
    measure.table(['text of 100 kB, repeated', 'ms of processor time'], rows)


def slowest(count: int) -> list[tuple[float, str]]:
    """Return (milliseconds, repeated unit) of the slowest of ``count`` inputs."""
    chance = random.Random(os.environ.get('SEED', '7'))
    found = [(milliseconds(filled(fragment)), fragment) for fragment in FRAGMENTS]
    for _ in range(count):
        unit = mutated(chance.choice(found)[1], chance)
        found.append((milliseconds(filled(unit)), unit))
        if len(found) > 2 * KEPT:
            found = sorted(set(found), reverse=True)[:KEPT]
    # A busy machine may have delayed one of them.
    return sorted(((milliseconds(filled(unit)), unit) for _, unit in found), reverse=True)


def mutated(unit: str, chance: random.Random) -> str:
    place = chance.randrange(len(unit) + 1)
    match chance.randrange(5):
        case 0:
            unit = unit[:place] + chance.choice(FRAGMENTS) + unit[place:]
        case 1:
            unit = unit + chance.choice(FRAGMENTS) * chance.randint(1, 20)
        case 2:
            unit = unit[:place] + unit[place + chance.randint(1, 8) :]
        case 3:
            unit = base64.b64encode(unit.encode()).decode()
        case _:
            unit = unit * 2
    return unit[:4_000] or 'M'


def filled(unit: str) -> str:
    return (unit * (LENGTH // len(unit) + 1))[:LENGTH]


def milliseconds(text: str) -> float:
    """Return the processor time of a search, the shorter of two."""
    times = []
    for _ in range(2):
        start = time.process_time()
        find_private_key(text)
        times.append(time.process_time() - start)
    return min(times) * 1000


if __name__ == '__main__':
    main()
