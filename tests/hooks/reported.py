"""Checks of reports for the tests of each client."""

from datetime import UTC, datetime

from tests.hooks.running import MACHINE
from tests.support.acme_issuances import issue_acme

__all__ = ('ISSUED', 'external_id', 'is_now', 'sent')

ISSUED = issue_acme()
# Reports contain whole seconds.
BEGAN = datetime.now(UTC).replace(microsecond=0)


def is_now(text) -> bool:
    """Return whether this time was during the tests."""
    return BEGAN <= datetime.fromisoformat(text) <= datetime.now(UTC)


def external_id(client, directory, lineage) -> str:
    """Return the external ID of a lineage in a directory other than the default of its client."""
    return f'{client}:web01.example.net{directory}:{lineage}'


def sent(netbox, machine=MACHINE) -> dict:
    """Return the only report, without the fields that all reports share."""
    (item,) = netbox.items
    assert item.pop('machine_id') == machine
    assert item.pop('pem') == ISSUED.fullchain_pem.strip()
    return item
