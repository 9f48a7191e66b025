"""
Announces the changes of renewal status and validity that a request made: an edit, an import, a renewal.

NetBox sends *Object updated* itself. *Renewal status changed* and *Certificate expired* follow, except to rules that
subscribe to *Object updated* as well and have already received the change. ``sweep/`` announces changes caused by time.
A creation is not a change.
"""

import logging
from dataclasses import dataclass, replace

from core.events import OBJECT_CREATED, OBJECT_UPDATED
from django.db.models import Case, F, When
from django.utils import timezone

from netbox_ssl.branching import in_branch
from netbox_ssl.choices import CertificateStatusChoices, ValidityChoices
from netbox_ssl.event_types import CERTIFICATE_EXPIRED, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate

from .announcement import NOT_IN_SNAPSHOTS, CertificateAnnouncement, status_changed
from .counter import count_announcements
from .locks import locked
from .rules import Rules
from .validity import validity_changed

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


@dataclass(frozen=True)
class Change:
    """The renewal status and the validity before and after a request."""

    previous_status: str | None
    renewal_status: str | None
    previous_validity: str | None
    validity: str | None

    @classmethod
    def of(cls, event) -> 'Change | None':
        """Return what ``event`` changes; None if NetBox has no snapshot from before."""
        before, after = (event['snapshots'].get(key) for key in ('prechange', 'postchange'))
        if not before or not after:
            return None
        return cls(*(state.get(name) for name in ('renewal_status', 'validity') for state in (before, after)))

    @property
    def changes_status(self) -> bool:
        return self.previous_status != self.renewal_status

    @property
    def expires(self) -> bool:
        return self.previous_validity != self.validity == ValidityChoices.EXPIRED


def _settle_creations(events) -> None:
    """Record the status of certificates that the request created. If it then changed them, this is still a creation."""
    for event in events:
        status = (event['snapshots'].get('postchange') or {}).get('renewal_status') or ''
        announced = event['object'].announced_status
        if status == announced and not event['object'].end_is_unannounced:
            continue
        # Only if no sweep has handled them meanwhile
        created = Certificate.objects.filter(pk=event['object_id'], announced_status=announced)
        if certificate := created.first():
            certificate.set_announced(timezone.now())
            created.update(**{name: getattr(certificate, name) for name in Certificate.ANNOUNCED_COLUMNS})


def _settle_updates(events) -> None:
    changes, unchanged = [], []
    for event in events:
        if (change := Change.of(event)) and (change.changes_status or change.expires):
            changes.append((event, change))
        elif event['object'].announcing_since is not None:
            unchanged.append(event['object_id'])
    if unchanged:
        # Changed and changed back: there is nothing to announce, and the sweep does not have to wait.
        Certificate.objects.filter(pk__in=unchanged).update(announcing_since=None)
    if changes:
        rules = Rules((RENEWAL_STATUS_CHANGED, CERTIFICATE_EXPIRED), but_not=OBJECT_UPDATED)
        for event, change in changes:
            try:
                _announce(event, change, rules)
            except Exception:
                logger.exception('The change of certificate %s is left to the sweep', event['object_id'])


def _announce(event, change: Change, rules: Rules) -> None:
    pk = event['object_id']
    with locked(Certificate, pk):
        certificate = Certificate.objects.filter(pk=pk).first()
        if certificate is None:
            return
        if certificate.announced_status is None:
            # No sweep has handled it yet.
            certificate.announced_status = change.previous_status or ''
        # Keep the claim of a later request.
        claim = event['object'].announcing_since
        written = {'announcing_since': Case(When(announcing_since=claim, then=None), default=F('announcing_since'))}
        # Another request, or time, may have changed it since. The status is then announced by that request or by the
        # sweep.
        if announcement := _announcement(certificate, change):
            # NetBox serializes the certificate when its data is read, so do not read it if there are no rules.
            if rules:
                context = {key: event[key] for key in ('user', 'request') if event.get(key) is not None}
                snapshots = _without_pem(event['snapshots'])
                rules.notify(announcement, announcement.data(event['data']), snapshots, **context)
            written['announced_status'] = announcement.renewal_status or ''
            if announcement.changes_validity:
                written['announced_until'] = timezone.now()
            for event_type in announcement.event_types:
                count_announcements(event_type)
        Certificate.objects.filter(pk=pk).update(**written)


def _announcement(certificate: Certificate, change: Change) -> CertificateAnnouncement | None:
    """Return the announcement of ``change``; None if it is no longer true, or was announced by a sweep."""
    now, status = timezone.now(), change.renewal_status
    is_active = certificate.status == CertificateStatusChoices.STATUS_ACTIVE
    expires = change.expires and certificate.end_is_unannounced and is_active
    is_new = change.changes_status and certificate.announced_status != (status or '')
    if is_new and certificate.renewal_status_at(now) == status:
        announcement = status_changed(certificate, status, now)
        return replace(announcement, previous_validity=change.previous_validity) if expires else announcement
    if expires:
        return validity_changed(certificate, certificate.valid_to, change.previous_validity, change.validity)
    return None


def _without_pem(snapshots: dict) -> dict:
    return {
        key: {name: value for name, value in snapshot.items() if name not in NOT_IN_SNAPSHOTS} if snapshot else snapshot
        for key, snapshot in snapshots.items()
    }
