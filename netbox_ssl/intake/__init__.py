"""
The one door in: every way in ends here. Bytes → X.509 facts → which Certificate is this → create, renew, add to its
history, or nothing.
"""

from netbox_ssl.validators import read_input, read_single

from .bulk import plan_many, take_in_many
from .gc_pause import collection_paused
from .planning import plan_leaf
from .results import Action, Item, Plan, Refusal, Result
from .single import take_in, take_in_item

__all__ = (
    'Action',
    'Item',
    'Plan',
    'Refusal',
    'Result',
    'collection_paused',
    'plan_leaf',
    'plan_many',
    'read_input',
    'read_single',
    'take_in',
    'take_in_item',
    'take_in_many',
)
