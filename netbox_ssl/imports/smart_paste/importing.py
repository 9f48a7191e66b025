"""Import the confirmed certificates in batches. A stored batch is kept even if a later one fails."""

from collections.abc import Callable, Iterator
from itertools import batched

from django.core.exceptions import ValidationError

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
            problems = decisions.problems(batch, user)
            kept = [leaf for leaf in batch if leaf.facts.fingerprint_sha256 not in problems]
            items = decisions.items(kept, user, attributes)
            outcomes = iter(retried(lambda items=items: intake.take_in_many(items, user)))
            for leaf in batch:
                problem = problems.get(leaf.facts.fingerprint_sha256)
                outcome = intake.Refusal(ValidationError({'certificate': problem})) if problem else next(outcomes)
                on_outcome(leaf, outcome)
                entries.append(entry(leaf, outcome))
    return entries
