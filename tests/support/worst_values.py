"""Values of every wrong type, length and content, for every field and parameter."""

__all__ = ('JSON_VALUES', 'TEXTS', 'WORST')

# Texts: what PostgreSQL, JSON, URLs and dates cannot hold, and what is too long for a column or an index
TEXTS = (
    '',
    '\x00',
    'a\x00b',
    '\u202e',
    '0',
    '-1',
    '1e400',
    str(2**63),
    '9' * 400,
    'x' * 5000,
    # Three bytes each, and not compressible
    ''.join(chr(0x4E00 + number * 7919 % 20_000) for number in range(2500)),
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59-12:00',
    'http://[',
    '[',
    '(?P<a',
    'null',
    '-----BEGIN CERTIFICATE-----',
    "'; DROP TABLE netbox_ssl_certificate; --",
)

JSON_VALUES = (
    *TEXTS,
    '\ud800',
    None,
    True,
    0,
    -1,
    2**31,
    2**63,
    10**400,
    1e308,
    [],
    [None],
    ['\x00'],
    ['\ud800'],
    [2**70],
    ['x' * 5000] * 2,
    ['x'] * 1001,
    {},
    {'id': None},
    {'id': 'x'},
    {'id': 2**70},
    {'id': []},
    {'name': '\x00'},
    {'pk__in': 5},
    {'no_such_field': 1},
    {'\x00': 1},
    [{'name': 'no such tag'}],
    [{'id': 2**70}],
    [{'slug': '\x00'}],
    [{}],
)

# Those that most often were a server error, for all fields
WORST = ('a\x00b', '\ud800', 'x' * 5000, {'id': 2**70})
