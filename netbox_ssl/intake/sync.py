"""
What a client has in all on a host: what it no longer has is gone.

Two syncs in a row must miss a source, for one may have been listed while its client was being reconfigured. A source
comes back by being listed again, or by a report (``models/source_reports.py``).
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

# How many syncs in a row must miss a source.
MISSED_WHEN_GONE = 2

# Of what is refused, in a message
MOST_SHOWN = 3


@dataclass(frozen=True)
class Sync:
    """What came of one. External IDs, in their order."""

    # How many of the sources are listed
    present: int
    # Missed for the first time
    missing: list[str]
    # Gone, now or before
    gone: list[str]


def sync_sources(scope: str, external_ids: Iterable[str], user, machine_id: str = '', now=None) -> Sync:
    """
    Take ``external_ids`` for all that a client has of what begins with ``scope``.

    Only sources that ``user`` may change count, and none that another machine reports. That a source is gone, or back,
    is an entry of the change log; the only event is NetBox's own *Object updated*.

    Args:
        scope: ``client:host:``, the begin of external IDs
        machine_id: who has it, where reports say so, too

    Raises:
        ValidationError: field → messages
    """
    listed = set(external_ids)
    _validate(scope, listed)
    now = now or timezone.now()
    with atomic():
        # In the order of their keys, as reports lock them.
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
    """Sources that this machine reports, or whose machine is unknown."""
    return Q(machine_id__in=('', machine_id)) if machine_id else Q()


def _validate(scope: str, listed: set[str]) -> None:
    parts = scope.split(':')
    # client, host, perhaps more, and nothing after the last colon
    if len(parts) < 3 or not parts[0].strip() or not parts[1].strip() or parts[-1]:
        raise ValidationError(
            {
                'scope': _(
                    'Give the client and the host, each followed by a colon, such as “certbot:web01.example.net:”.'
                )
            }
        )
    if others := sorted(each for each in listed if not each.startswith(scope)):
        message = _('These do not begin with the scope “{scope}”: {names}').format(
            scope=scope, names=', '.join(others[:MOST_SHOWN])
        )
        raise ValidationError({'external_ids': message})
