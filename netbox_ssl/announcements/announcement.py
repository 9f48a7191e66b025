"""Announcements: an event of an object, with an ID by which a receiver recognises a repeat."""

import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from core.events import OBJECT_UPDATED
from django.utils import timezone
from netbox.models import NetBoxModel

from netbox_ssl.choices import RenewalStatusChoices, ValidityChoices
from netbox_ssl.event_types import CERTIFICATE_EXPIRED, RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from netbox_ssl.places.deployment import deployment_state, prefetch_deployment_states
from netbox_ssl.utilities import timestamp

from .payload import describe, prefetch

__all__ = (
    'NOT_IN_SNAPSHOTS',
    'Announcement',
    'CertificateAnnouncement',
    'announced_validity',
    'is_overdue',
    'status_changed',
)

NAMESPACE = uuid.UUID('6f0c1f0e-7a52-5c0b-9d86-3d5b1c8e2a47')

# PEMs are large and not needed to see a change; they are in the event's data.
NOT_IN_SNAPSHOTS = ('pem', 'chain_pem')


@dataclass(frozen=True)
class Announcement(ABC):
    """An event of an object, with the time since which it is true (aware datetime)."""

    object: NetBoxModel
    event_type: str
    since: datetime

    @property
    def id(self) -> uuid.UUID:
        """Return an ID that stays the same if the announcement is repeated, so that a receiver recognises it."""
        return uuid.uuid5(NAMESPACE, '|'.join(map(str, self.identity())))

    @property
    def event_types(self) -> tuple[str, ...]:
        """Return the event types whose subscribers receive it, the most specific first. A rule receives it once."""
        return (self.event_type,)

    @property
    def is_moot(self) -> bool:
        """Return whether it is no longer relevant, so that it is recorded as announced but not delivered."""
        return False

    # Does nothing by default
    @staticmethod  # noqa: B027
    def prefetch(objects: list[NetBoxModel]) -> None:
        """Read what ``data()`` needs for all ``objects``, in addition to what their serializer needs."""

    @abstractmethod
    def identity(self) -> tuple:
        """Return the values that distinguish it from any other announcement."""

    @abstractmethod
    def data(self, serialized: dict) -> dict:
        """Return the event data: the serialized object, and the announcement itself."""

    @abstractmethod
    def snapshots(self) -> dict:
        """Return the snapshots ``prechange`` and ``postchange``, as NetBox creates them for a change."""


@dataclass(frozen=True)
class CertificateAnnouncement(Announcement):
    """
    A change of the renewal status of a certificate (None if it has none), of its validity, or of both at the same time;
    or an event that changes neither.
    """

    previous_status: str | None
    renewal_status: str | None
    previous_validity: str
    validity: str

    @property
    def certificate(self) -> Certificate:
        return self.object

    @property
    def expires(self) -> bool:
        """Return whether it announces that the certificate has expired."""
        return self.previous_validity != self.validity == ValidityChoices.EXPIRED

    @property
    def changes_validity(self) -> bool:
        """Return whether announcing it concerns the time up to which the validity was announced."""
        return self.previous_validity != self.validity

    @property
    def event_types(self) -> tuple[str, ...]:
        """
        Return its own types, and *Object updated* if something has changed, because most rules use it. An event that
        changes nothing, such as *Renewal overdue*, is for its own subscribers only.
        """
        changes = (self.previous_status, self.previous_validity) != (self.renewal_status, self.validity)
        expired = [CERTIFICATE_EXPIRED] if self.expires else []
        return tuple(dict.fromkeys([*expired, self.event_type, *([OBJECT_UPDATED] if changes else [])]))

    @staticmethod
    def prefetch(objects: list[Certificate]) -> None:
        prefetch(objects)
        prefetch_deployment_states(objects)

    def identity(self) -> tuple:
        certificate = self.certificate
        return (
            self.event_type,
            certificate.pk,
            certificate.fingerprint_sha256 or certificate.valid_to.isoformat(),
            *self.change(),
            self.since.isoformat(),
        )

    def change(self) -> tuple:
        """Return what changes, as a part of its identity."""
        return self.previous_status, self.renewal_status

    def data(self, serialized: dict) -> dict:
        # The values at the time of the announcement, not of serializing
        state = {'renewal_status': self.renewal_status, 'validity': self.validity}
        if 'renewal_overdue' in serialized and self.event_type == RENEWAL_OVERDUE:
            state['renewal_overdue'] = True
        return {
            **serialized,
            **state,
            'announcement': {
                'id': str(self.id),
                'type': self.event_type,
                'previous_status': self.previous_status,
                'renewal_status': self.renewal_status,
                'previous_validity': self.previous_validity,
                'validity': self.validity,
                'since': timestamp(self.since),
                **describe(self.certificate),
            },
        }

    def snapshots(self) -> dict:
        """Return snapshots that differ only in the renewal status and the validity."""
        now = self.certificate.serialize_object(exclude=[*NOT_IN_SNAPSHOTS, 'deployment_state'])
        # Read for all certificates at once
        now['deployment_state'] = deployment_state(self.certificate)
        return {
            'prechange': {**now, 'renewal_status': self.previous_status, 'validity': self.previous_validity},
            'postchange': {**now, 'renewal_status': self.renewal_status, 'validity': self.validity},
        }


def status_changed(certificate: Certificate, status: str | None, now: datetime) -> CertificateAnnouncement:
    """
    Return the announcement that ``status`` replaced the announced status, with the change of validity that happened at
    the same time. The certificate must be unmodified.
    """
    previous = certificate.announced_status or None
    announced = announced_validity(certificate)
    expired = RenewalStatusChoices.EXPIRED
    before = ValidityChoices.EXPIRED if previous == expired else announced
    after = before if expired not in (previous, status) else certificate.validity_at(now)
    since = _since(certificate, status)
    return CertificateAnnouncement(certificate, RENEWAL_STATUS_CHANGED, since, previous, status, before, after)


def is_overdue(certificate: Certificate) -> CertificateAnnouncement:
    """Return the announcement that the renewal of the certificate is overdue. Its status stays Due."""
    due, validity = RenewalStatusChoices.DUE, announced_validity(certificate)
    since = certificate.renewal_overdue_at
    return CertificateAnnouncement(certificate, RENEWAL_OVERDUE, since, due, due, validity, validity)


def announced_validity(certificate: Certificate) -> str:
    """Return the validity that was announced last: that of the time up to which everything was announced."""
    return certificate.validity_at(certificate.announced_until or timezone.now())


def _since(certificate: Certificate, status: str | None) -> datetime:
    """Return since when the certificate has ``status``; if time did not cause it, the time of the last change."""
    if status == RenewalStatusChoices.EXPIRED:
        return certificate.valid_to
    if status == RenewalStatusChoices.DUE:
        return certificate.renewal_due_at
    return certificate.last_updated
