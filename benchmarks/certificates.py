"""Certificates for measurements: like those of public CAs, all with one temporary key."""

import random
from datetime import UTC, datetime, timedelta

from tests.support.certificate_factory import issue, make_ca

AUTHORITIES = (
    ("Let's Encrypt", 'R13', 90),
    ("Let's Encrypt", 'E8', 90),
    ('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA', 90),
    ('Google Trust Services', 'WE1', 90),
    ('Sectigo Limited', 'Sectigo Public Server Authentication CA DV R36', 199),
    ('Example Corp', 'Example Issuing CA 1', 365),
)


def pems(count: int, prefix: str = 'host') -> list[str]:
    """Return ``count`` PEMs with their chains, with different names and ages."""
    chance = random.Random(7)
    authorities = [(make_ca(organization, name), days) for organization, name, days in AUTHORITIES]
    now = datetime.now(UTC).replace(microsecond=0)
    made = []
    for number in range(count):
        ca, days = chance.choice(authorities)
        name = f'{prefix}{number:07d}.zone{number % 997}.example.net'
        start = now - timedelta(seconds=chance.randrange(int(days * 0.9 * 86400)))
        issued = issue([name, f'www.{name}'], ca, valid_from=start, valid_to=start + timedelta(days=days))
        made.append(issued.fullchain_pem)
    return made
