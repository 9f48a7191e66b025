"""
Syncs: the complete list of what a client has on a host. Sources that it no longer has are gone.

A source is gone if it is missing from two syncs in a row, because one sync may have run while the client was being
reconfigured. It is back when it is listed again, or by a report (``models/source_reports.py``).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl.branching import atomic
from netbox_ssl.models import CertificateSource

__all__ = ('MISSED_WHEN_GONE', 'Sync', 'sync_sources')

# Syncs in a row that a source must be missing from
MISSED_WHEN_GONE = 2

# External IDs shown in a message
MOST_SHOWN = 3


@dataclass(frozen=True)
class Sync:
    """The result of a sync, with sorted external IDs."""

    # Number of listed sources
    present: int
    # Missing for the first time
    missing: list[str]
    # Gone, now or before
    gone: list[str]


def sync_sources(scope: str, external_ids: Iterable[str], user, machine_id: str = '', now=None) -> Sync:
    """
    Record that ``external_ids`` are all that a client has with external IDs that start with ``scope``.

    Only affects sources that ``user`` may change, and none that another machine reports. That a source is gone, or
    back, is an entry in the change log; the only event is NetBox's own *Object updated*.

    Args:
        scope: ``client:host:``, the start of external IDs
        machine_id: the machine, if reports contain it, too

    Raises:
        ValidationError: field → messages
    """
    listed = set(external_ids)
    _validate(scope, listed)
    now = now or timezone.now()
    with atomic():
        # In the order of their keys, in which reports also lock them
        sources = CertificateSource.objects.filter(
            _of_machine(machine_id),
            pk__in=CertificateSource.objects.restrict(user, 'change').values('pk'),
            external_id__startswith=scope,
        )
        sources = list(sources.select_for_update(of=('self',), no_key=True).order_by('pk'))
        present = [source for source in sources if source.external_id in listed]
        missed = [source for source in sources if source.external_id not in listed]
        for source in present:
            if source.gone_since is not None:
                source.mark_back()
        CertificateSource.objects.filter(pk__in=[each.pk for each in present], missed_syncs__gt=0).update(
            missed_syncs=0
        )
        fresh = [source for source in missed if source.gone_since is None]
        CertificateSource.objects.filter(pk__in=[each.pk for each in fresh]).update(missed_syncs=F('missed_syncs') + 1)
        for source in fresh:
            if source.missed_syncs + 1 >= MISSED_WHEN_GONE:
                source.mark_gone(now)
    gone = {source.pk for source in missed if source.gone_since is not None}
    return Sync(
        present=len(present),
        missing=sorted(source.external_id for source in missed if source.pk not in gone),
        gone=sorted(source.external_id for source in missed if source.pk in gone),
    )


def _of_machine(machine_id: str) -> Q:
    """Select the sources that this machine reports, or whose machine is unknown."""
    return Q(machine_id__in=('', machine_id)) if machine_id else Q()


def _validate(scope: str, listed: set[str]) -> None:
    parts = scope.split(':')
    # client, host, perhaps more, and nothing after the last colon
    if len(parts) < 3 or not parts[0].strip() or not parts[1].strip() or parts[-1]:
        raise ValidationError(
            {
                'scope': _(
                    'Enter the client and the host, each followed by a colon, such as “certbot:web01.example.net:”.'
                )
            }
        )
    if others := sorted(each for each in listed if not each.startswith(scope)):
        message = _('These do not start with the scope “{scope}”: {names}').format(
            scope=scope, names=', '.join(others[:MOST_SHOWN])
        )
        raise ValidationError({'external_ids': message})
