"""Announcements: what is reported of an object, under an ID by which a receiver recognises a repeat."""

import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from netbox.models import NetBoxModel

from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from netbox_ssl.places.deployment import prefetch_deployment_states
from netbox_ssl.utilities import timestamp

from .payload import describe, prefetch

__all__ = ('NOT_IN_SNAPSHOTS', 'Announcement', 'CertificateAnnouncement', 'is_overdue', 'status_changed')

NAMESPACE = uuid.UUID('6f0c1f0e-7a52-5c0b-9d86-3d5b1c8e2a47')

# PEM is bulky, and a snapshot without it shows a change just as well; it is in the event's data.
NOT_IN_SNAPSHOTS = ('pem', 'chain_pem')


@dataclass(frozen=True)
class Announcement(ABC):
    """Something that happened to an object, true since a moment (aware datetime)."""

    object: NetBoxModel
    event_type: str
    since: datetime

    @property
    def id(self) -> uuid.UUID:
        """The same each time the same thing is announced, so that a receiver recognises a repeat."""
        return uuid.uuid5(NAMESPACE, '|'.join(map(str, self.identity())))

    @property
    def is_moot(self) -> bool:
        """Whether it is no longer relevant: it is recorded as announced, and not delivered."""
        return False

    # Most need nothing.
    @staticmethod  # noqa: B027
    def prefetch(objects: list[NetBoxModel]) -> None:
        """Read what ``data()`` needs of all ``objects`` together, beside what their serializer needs."""

    @abstractmethod
    def identity(self) -> tuple:
        """Return what distinguishes it from any other announcement."""

    @abstractmethod
    def data(self, serialized: dict) -> dict:
        """Return the event data: what the serializer says of the object, and the announcement itself."""

    @abstractmethod
    def snapshots(self) -> dict:
        """Return the snapshots ``prechange`` and ``postchange``, as NetBox makes them of a change."""


@dataclass(frozen=True)
class CertificateAnnouncement(Announcement):
    """A change of the renewal status of a certificate (None: it has none), or news about a status that stays."""

    previous_status: str | None
    renewal_status: str | None

    @property
    def certificate(self) -> Certificate:
        return self.object

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
            self.previous_status,
            self.renewal_status,
            self.since.isoformat(),
        )

    def data(self, serialized: dict) -> dict:
        # True as of the announcement, whatever the moment of serializing.
        state = {'renewal_status': self.renewal_status}
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
                'since': timestamp(self.since),
                **describe(self.certificate),
            },
        }

    def snapshots(self) -> dict:
        """Nothing but the renewal status differs."""
        now = self.certificate.serialize_object(exclude=list(NOT_IN_SNAPSHOTS))
        return {
            'prechange': {**now, 'renewal_status': self.previous_status},
            'postchange': {**now, 'renewal_status': self.renewal_status},
        }


def status_changed(certificate: Certificate, status: str | None) -> CertificateAnnouncement:
    """Announce that ``status`` replaced the status announced last. The certificate must be as saved."""
    previous = certificate.announced_status or None
    since = _since(certificate, status)
    return CertificateAnnouncement(certificate, RENEWAL_STATUS_CHANGED, since, previous, status)


def is_overdue(certificate: Certificate) -> CertificateAnnouncement:
    """Announce that a working client would have renewed the certificate long ago. It stays Due."""
    due = RenewalStatusChoices.DUE
    return CertificateAnnouncement(certificate, RENEWAL_OVERDUE, certificate.renewal_overdue_at, due, due)


def _since(certificate: Certificate, status: str | None) -> datetime:
    """Return the moment from which ``status`` is true; for one that no time brings, that of the last change."""
    if status == RenewalStatusChoices.EXPIRED:
        return certificate.valid_to
    if status == RenewalStatusChoices.DUE:
        return certificate.renewal_due_at
    return certificate.last_updated
