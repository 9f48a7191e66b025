"""
The intake, which all imports use. Bytes → X.509 facts → the Certificate they belong to → create, renew, add to its
history, or leave unchanged.

========================  ==============================================================================================
``planning``              the Certificate it belongs to (``kinship``: could it be a renewal; ``candidates``;
``sources``) ``succession``            the current X.509 certificate of a Certificate ``single``, ``bulk``      carry
out the plan of one, or of many (``bulk_create``, ``attributes``, ``locks``) ``parting``, ``merging``  give a source a
separate Certificate; merge two Certificates ``dry_run``               what an import would do ``redetection``
repeat the detection on existing certificates ``signals``               signals that other modules may receive
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
