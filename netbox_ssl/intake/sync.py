"""
Syncs: the complete list of what a client has on a host. Sources that it no longer has are gone.

A source is gone if it is missing from two syncs in a row, because one sync may have run while the client was being
reconfigured. It is back when it is listed again, or by a report (``models/source_reports.py``).

After a host was renamed, the sources with its former name are missing, too. They are recognised by the machine ID.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db.models import F, Min, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl.branching import atomic
from netbox_ssl.models import CertificateSource
from netbox_ssl.models.external_ids import split_external_id, split_scope
from netbox_ssl.models.mixins.source_states import LEAST_SILENCE

from .continuations import merge_continuations

__all__ = ('MISSED_FOR', 'Sync', 'sync_sources')

# Time between two syncs that both have to miss a source. Two runs within minutes, by the timer and by hand, see the
# same reconfiguration; runs of two nights do not. Not scaled: an hour is short also for six-day certificates.
MISSED_FOR = timedelta(hours=1)

# External IDs shown in a message
MOST_SHOWN = 3


@dataclass(frozen=True)
class Sync:
    """The result of a sync, with sorted external IDs."""

    # Number of listed sources
    present: int
    # Missing, but not for long enough to be gone
    missing: list[str]
    # Gone, now or before
    gone: list[str]


def sync_sources(
    scope: str, external_ids: Iterable[str], user, machine_id: str = '', now: datetime | None = None
) -> Sync:
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
        sources = _locked(Q(_of_machine(machine_id), external_id__startswith=scope), user)
        sources += _locked(Q(pk__in=_with_former_names(scope, machine_id)), user)
        present = [source for source in sources if source.external_id in listed]
        missed = [source for source in sources if source.external_id not in listed]
        _record_present(present)
        merge_continuations(_record_missed(missed, now), present, user)
    gone = {source.pk for source in missed if source.gone_since is not None}
    return Sync(
        present=len(present),
        missing=sorted(source.external_id for source in missed if source.pk not in gone),
        gone=sorted(source.external_id for source in missed if source.pk in gone),
    )


def _locked(which: Q, user) -> list[CertificateSource]:
    permitted = CertificateSource.objects.restrict(user, 'change').values('pk')
    sources = CertificateSource.objects.filter(which, pk__in=permitted)
    # In the order of their keys, in which reports also lock them
    return list(sources.select_for_update(of=('self',), no_key=True).order_by('pk'))


def _record_present(present: list[CertificateSource]) -> None:
    for source in present:
        if source.gone_since is not None:
            source.mark_back()
    _rows(present).filter(missed_since__isnull=False).update(missed_since=None)


def _record_missed(missed: list[CertificateSource], now: datetime) -> list[CertificateSource]:
    """Return the sources that are gone now, and were not before."""
    first_time = [source for source in missed if source.missed_since is None]
    # The host has been heard from, so until the next sync the source is not silent.
    _rows(first_time).update(missed_since=now, silent_scaled_at=Greatest(F('silent_scaled_at'), now + LEAST_SILENCE))
    newly_gone = [
        source
        for source in missed
        if source.gone_since is None and source.missed_since is not None and source.missed_since <= now - MISSED_FOR
    ]
    for source in newly_gone:
        source.mark_gone(now)
    return newly_gone


def _rows(sources: list[CertificateSource]) -> QuerySet:
    return CertificateSource.objects.filter(pk__in=[source.pk for source in sources])


def _of_machine(machine_id: str) -> Q:
    """Select the sources that this machine reports, or whose machine is unknown."""
    return Q(machine_id__in=('', machine_id)) if machine_id else Q()


def _with_former_names(scope: str, machine_id: str) -> list[int]:
    """
    Return the sources (IDs) of the same client, directory and machine under another name of the host, which it had
    before.

    Cloned machines may have the same machine ID. A source that has reported after the first report with the name of
    ``scope`` is therefore not one of them: it belongs to a clone, which is silent if it stops reporting.
    """
    named = split_scope(scope)
    if not machine_id or named is None:
        return []
    of_machine = CertificateSource.objects.filter(machine_id=machine_id)
    is_own = Q(external_id__startswith=scope)
    first = of_machine.filter(is_own).aggregate(first=Min('created'))['first']
    if first is None:
        return []
    others = of_machine.exclude(is_own).filter(external_id__startswith=f'{named.client}:', reported_at__lt=first)
    return [
        pk
        for pk, external_id in others.values_list('pk', 'external_id')
        if (parts := split_external_id(external_id)) and parts.directory == named.directory
    ]


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
