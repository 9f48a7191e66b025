"""Announcements: an event of an object, with an ID by which a receiver recognises a repeat."""

import uuid
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime

from netbox.models import NetBoxModel

from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.event_types import RENEWAL_OVERDUE, RENEWAL_STATUS_CHANGED
from netbox_ssl.models import Certificate
from netbox_ssl.places.deployment import deployment_state, prefetch_deployment_states
from netbox_ssl.utilities import timestamp

from .payload import describe, prefetch

__all__ = ('NOT_IN_SNAPSHOTS', 'Announcement', 'CertificateAnnouncement', 'is_overdue', 'status_changed')

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
    A change of the renewal status of a certificate (None if it has none), or an event that does not change the status.
    """

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
        # The values at the time of the announcement, not of serializing
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
        """Return snapshots that differ only in the renewal status."""
        now = self.certificate.serialize_object(exclude=[*NOT_IN_SNAPSHOTS, 'deployment_state'])
        # Read for all certificates at once
        now['deployment_state'] = deployment_state(self.certificate)
        return {
            'prechange': {**now, 'renewal_status': self.previous_status},
            'postchange': {**now, 'renewal_status': self.renewal_status},
        }


def status_changed(certificate: Certificate, status: str | None) -> CertificateAnnouncement:
    """Return the announcement that ``status`` replaced the announced status. The certificate must be unmodified."""
    previous = certificate.announced_status or None
    since = _since(certificate, status)
    return CertificateAnnouncement(certificate, RENEWAL_STATUS_CHANGED, since, previous, status)


def is_overdue(certificate: Certificate) -> CertificateAnnouncement:
    """Return the announcement that the renewal of the certificate is overdue. Its status stays Due."""
    due = RenewalStatusChoices.DUE
    return CertificateAnnouncement(certificate, RENEWAL_OVERDUE, certificate.renewal_overdue_at, due, due)


def _since(certificate: Certificate, status: str | None) -> datetime:
    """Return since when the certificate has ``status``; if time did not cause it, the time of the last change."""
    if status == RenewalStatusChoices.EXPIRED:
        return certificate.valid_to
    if status == RenewalStatusChoices.DUE:
        return certificate.renewal_due_at
    return certificate.last_updated
