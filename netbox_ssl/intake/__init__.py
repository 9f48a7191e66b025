"""
The one door in: every way in ends here. Bytes → X.509 facts → which Certificate is this → create, renew, add to its
history, or nothing.

========================  ==============================================================================================
``planning``              which Certificate is it (``kinship``: could it be a renewal; ``candidates``; ``sources``)
``succession``            which X.509 certificate is the current one
``single``, ``bulk``      carry out the plan of one, or of many (``bulk_create``, ``attributes``, ``locks``)
``parting``, ``merging``  a source gets a Certificate of its own; two Certificates turn out to be one
``dry_run``               what an import would do
``redetection``           detection once more, on what is there
``signals``               what others may subscribe to
========================  ==============================================================================================
"""

from netbox_ssl.validators import read_input, read_single

from .bulk import plan_many, take_in_many
from .gc_pause import collection_paused
from .locks import lock
from .planning import plan_item
from .results import Action, Candidate, Item, Plan, Refusal, Result
from .single import take_in, take_in_all, take_in_item

__all__ = (
    'Action',
    'Candidate',
    'Item',
    'Plan',
    'Refusal',
    'Result',
    'collection_paused',
    'lock',
    'plan_item',
    'plan_many',
    'read_input',
    'read_single',
    'take_in',
    'take_in_all',
    'take_in_item',
    'take_in_many',
)
