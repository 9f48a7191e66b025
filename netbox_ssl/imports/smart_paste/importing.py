"""Import what was confirmed, batch by batch. A stored batch is kept whatever happens later."""

from collections.abc import Callable, Iterator
from itertools import batched

from netbox_ssl import intake
from netbox_ssl.x509 import Leaf

from .results import entry

__all__ = ('BATCH', 'batches', 'import_now')

# Certificates in one transaction, and in one line of the log of a job
BATCH = 100


def batches(leaves: list[Leaf]) -> Iterator[tuple[Leaf, ...]]:
    return batched(leaves, BATCH)


def import_now(
    leaves: list[Leaf], user, attributes: dict, on_outcome: Callable = lambda leaf, outcome: None
) -> list[dict]:
    """Import all leaves with these settings. Return the result of each, as made by ``results.entry()``."""
    entries = []
    with intake.collection_paused():
        for batch in batches(leaves):
            items = [intake.Item(leaf, attributes) for leaf in batch]
            for leaf, outcome in zip(batch, intake.take_in_many(items, user), strict=True):
                on_outcome(leaf, outcome)
                entries.append(entry(leaf, outcome))
    return entries
