"""Checks of reports for the tests of each client."""

from datetime import UTC, datetime

from tests.support.factories import issue_acme

__all__ = ('ISSUED', 'is_now', 'sent')

ISSUED = issue_acme()
# Reports contain whole seconds.
BEGAN = datetime.now(UTC).replace(microsecond=0)


def is_now(text) -> bool:
    """Return whether this time was during the tests."""
    return BEGAN <= datetime.fromisoformat(text) <= datetime.now(UTC)


def sent(netbox) -> dict:
    """Return the only report, without the fields that all reports share."""
    (item,) = netbox.items
    assert item.pop('pem') == ISSUED.fullchain_pem.strip()
    return item
