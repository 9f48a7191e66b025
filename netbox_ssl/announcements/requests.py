"""
Announces the changes of renewal status that a request made: an edit, an import, a renewal.

NetBox sends *Object updated* itself. *Renewal status changed* follows, except to rules that subscribe to *Object
updated* as well and have already received the change. ``sweep/`` announces changes caused by time. A creation is not a
change.
"""

import logging

from core.events import OBJECT_CREATED, OBJECT_UPDATED
from django.db.models import Case, F, When
from django.utils import timezone

from netbox_ssl.branching import in_branch
from netbox_ssl.event_types import RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate

from .announcement import NOT_IN_SNAPSHOTS, status_changed
from .counter import count_announcements
from .locks import locked
from .rules import Rules

__all__ = ('announce_request_changes',)

logger = logging.getLogger('netbox.plugins.netbox_ssl')


def announce_request_changes(events: list) -> None:
    """
    Announce what a request changed. Called after NetBox's own processor (``PluginConfig.events_pipeline``) with every
    event of the request. Never raises, because that would prevent the pipelines of other plugins from running; the
    sweep announces changes that were not announced here.
    """
    if in_branch():
        # Nothing has changed in main yet. The merge is another request.
        return
    try:
        ours = [event for event in events if event['object_type'].model_class() is Certificate]
        _settle_creations([event for event in ours if event['event_type'] == OBJECT_CREATED])
        _settle_updates([event for event in ours if event['event_type'] == OBJECT_UPDATED])
    except Exception:
        logger.exception('Changes of renewal status made by this request are left to the sweep')


def _statuses(event) -> tuple[str | None, str | None] | None:
    """Return the renewal status before and after; None if NetBox has no snapshot from before."""
    before, after = (event['snapshots'].get(key) for key in ('prechange', 'postchange'))
    return (before.get('renewal_status'), after.get('renewal_status')) if before and after else None


def _settle_creations(events) -> None:
    """Record the status of certificates that the request created. If it then changed them, this is still a creation."""
    for event in events:
        status = (event['snapshots'].get('postchange') or {}).get('renewal_status') or ''
        announced = event['object'].announced_status
        # Only if no sweep has handled them meanwhile
        created = Certificate.objects.filter(pk=event['object_id'], announced_status=announced)
        if status != announced and (certificate := created.first()):
            certificate.set_announced(timezone.now())
            created.update(**{name: getattr(certificate, name) for name in Certificate.ANNOUNCED_FIELDS})


def _settle_updates(events) -> None:
    changes, unchanged = [], []
    for event in events:
        if (statuses := _statuses(event)) and statuses[0] != statuses[1]:
            changes.append((event, *statuses))
        elif event['object'].announcing_since is not None:
            unchanged.append(event['object_id'])
    if unchanged:
        # Changed and changed back: there is nothing to announce, and the sweep does not have to wait.
        Certificate.objects.filter(pk__in=unchanged).update(announcing_since=None)
    if changes:
        rules = Rules(RENEWAL_STATUS_CHANGED, but_not=OBJECT_UPDATED)
        for event, before, status in changes:
            try:
                _announce(event, before, status, rules)
            except Exception:
                logger.exception('The change of certificate %s is left to the sweep', event['object_id'])


def _announce(event, before: str | None, status: str | None, rules: Rules) -> None:
    pk = event['object_id']
    with locked(Certificate, pk):
        certificate = Certificate.objects.filter(pk=pk).first()
        if certificate is None:
            return
        if certificate.announced_status is None:
            # No sweep has handled it yet.
            certificate.announced_status = before or ''
        # Keep the claim of a later request.
        claim = event['object'].announcing_since
        written = {'announcing_since': Case(When(announcing_since=claim, then=None), default=F('announcing_since'))}
        # Another request, or time, may have changed it since. The status is then announced by that request or by the
        # sweep.
        if certificate.renewal_status == status and (certificate.announced_status or None) != status:
            announcement = status_changed(certificate, status)
            # NetBox serializes the certificate when its data is read, so do not read it if there are no rules.
            if rules:
                context = {key: event[key] for key in ('user', 'request') if event.get(key) is not None}
                snapshots = _without_pem(event['snapshots'])
                rules.notify(announcement, announcement.data(event['data']), snapshots, **context)
            written['announced_status'] = status or ''
            count_announcements(RENEWAL_STATUS_CHANGED)
        Certificate.objects.filter(pk=pk).update(**written)


def _without_pem(snapshots: dict) -> dict:
    return {
        key: {name: value for name, value in snapshot.items() if name not in NOT_IN_SNAPSHOTS} if snapshot else snapshot
        for key, snapshot in snapshots.items()
    }
