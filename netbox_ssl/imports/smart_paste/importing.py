"""Import the confirmed certificates in batches. A stored batch is kept even if a later one fails."""

from collections.abc import Callable, Iterator
from itertools import batched

from netbox_ssl import intake
from netbox_ssl.utilities import retried
from netbox_ssl.x509 import Leaf

from .decisions import Decisions
from .results import entry

__all__ = ('BATCH', 'batches', 'import_now')

# Certificates in one transaction, and in one line of the log of a job
BATCH = 100


def batches(leaves: list[Leaf]) -> Iterator[tuple[Leaf, ...]]:
    return batched(leaves, BATCH)


def import_now(
    leaves: list[Leaf],
    user,
    attributes: dict,
    decisions: Decisions,
    on_outcome: Callable = lambda leaf, outcome: None,
) -> list[dict]:
    """Import all leaves with these settings. Return the result of each, as made by ``results.entry()``."""
    entries = []
    with intake.collection_paused():
        for batch in batches(leaves):
            items = decisions.items(batch, user, attributes)
            outcomes = retried(lambda items=items: intake.take_in_many(items, user))
            for leaf, outcome in zip(batch, outcomes, strict=True):
                on_outcome(leaf, outcome)
                entries.append(entry(leaf, outcome))
    return entries
