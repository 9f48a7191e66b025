"""
The intake, which all imports use. Bytes → X.509 facts → the Certificate they belong to → create, renew, add to its
history, or leave unchanged.

    planning.py     the Certificate that an X.509 certificate belongs to
    kinship.py      whether it could be a renewal
    candidates.py   Certificates that it may renew, with the reason
    sources.py      the sources that report it
    succession.py   which X.509 certificate of a Certificate is the current one
    single.py       carries out one plan
    bulk.py         carries out many; bulk_create.py writes the new ones together
    repeated_reports.py
                    reports whose PEM is the stored one
    attributes.py   the settings of an import
    custom_fields.py
                    custom fields that became required later
    locks.py        one import at a time decides about a Certificate
    parting.py      gives a source a separate Certificate
    merging.py      merges two Certificates
    fragments.py    Certificates that turn out to be parts of another one
    sync.py         lists of everything that a client has
    renamed_hosts.py
                    sources of a host under its former name
    continuations.py
                    lineages that go on under another name
    dry_run.py      what an import would do
    endpoint_results.py
                    results of the checks of endpoints
    redetection.py  repeats the detection on existing certificates
    signals.py      signals that other modules may receive
"""

from netbox_ssl.validators import read_input, read_single

from .bulk import plan_many, take_in_many
from .gc_pause import collection_paused
from .locks import lock
from .planning import plan_item
from .repeated_reports import RepeatedReports
from .results import Action, Candidate, Item, Plan, Refusal, Result
from .single import take_in, take_in_all, take_in_item

__all__ = (
    'Action',
    'Candidate',
    'Item',
    'Plan',
    'Refusal',
    'RepeatedReports',
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
