"""
Reports of a host that was renamed: its sources have the former name in their external IDs.

A source that is silent or gone is taken over by the first report of the same machine, client, directory and lineage
under another name. One that has reported recently is not, because a cloned machine may have the same machine ID; if it
belongs to the same machine after all, the next syncs find out (``sync.py``).
"""

from collections.abc import Iterable

from django.utils import timezone

from netbox_ssl.models import CertificateSource
from netbox_ssl.models.external_ids import split_external_id
from netbox_ssl.models.mixins.source_states import live_q

from .results import Item

__all__ = ('former_sources',)


def former_sources(items: Iterable[Item]) -> dict[str, CertificateSource]:
    """
    Return the external ID of an item → the source that its host reported under a former name. ``items`` are those whose
    external ID no source has.
    """
    wanted = {}
    for item in items:
        if item.machine_id and (parts := split_external_id(item.external_id)):
            wanted[item.machine_id, *parts.without_host] = item.external_id
    if not wanted:
        return {}
    sources = CertificateSource.objects.filter(machine_id__in={machine_id for machine_id, *_ in wanted})
    found: dict[str, list] = {}
    for source in sources.exclude(live_q(timezone.now())).select_related('certificate', 'issuance'):
        parts = split_external_id(source.external_id)
        if parts and (external_id := wanted.get((source.machine_id, *parts.without_host))):
            found.setdefault(external_id, []).append(source)
    # Several: it is uncertain which of them it was.
    return {external_id: each[0] for external_id, each in found.items() if len(each) == 1}
