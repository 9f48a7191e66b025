"""What the tests of each client look at in a report."""

from datetime import UTC, datetime

from tests.hooks.running import MACHINE
from tests.support.factories import issue_acme

__all__ = ('ISSUED', 'external_id', 'is_now', 'sent')

ISSUED = issue_acme()
# Reports count whole seconds.
BEGAN = datetime.now(UTC).replace(microsecond=0)


def is_now(text) -> bool:
    """Whether this was while the tests ran."""
    return BEGAN <= datetime.fromisoformat(text) <= datetime.now(UTC)


def external_id(client, directory, lineage) -> str:
    """What a client's lineage in a directory other than its default is called."""
    return f'{client}:web01.example.net{directory}:{lineage}'


def sent(netbox, machine=MACHINE) -> dict:
    """The only report, without what is the same in all of them."""
    (item,) = netbox.items
    assert item.pop('machine_id') == machine
    assert item.pop('pem') == ISSUED.fullchain_pem.strip()
    return item
