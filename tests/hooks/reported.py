"""What the tests of each client look at in a report."""

from datetime import UTC, datetime, timedelta

from tests.support.factories import issue_acme

__all__ = ('ISSUED', 'is_now', 'sent')

ISSUED = issue_acme()


def is_now(text) -> bool:
    return abs(datetime.fromisoformat(text) - datetime.now(UTC)) < timedelta(seconds=60)


def sent(netbox) -> dict:
    """The only report, without what is the same in all of them."""
    (item,) = netbox.items
    assert item.pop('pem') == ISSUED.fullchain_pem.strip()
    return item
