"""Announcements of changes of validity: a certificate expires, or becomes valid, or an expiry mark passes."""

from dataclasses import dataclass
from datetime import datetime

from core.events import OBJECT_UPDATED

from netbox_ssl.choices import CertificateStatusChoices, ValidityChoices
from netbox_ssl.event_types import CERTIFICATE_EXPIRED, CERTIFICATE_EXPIRING
from netbox_ssl.expiry.marks import DAY
from netbox_ssl.models import Certificate

from .announcement import CertificateAnnouncement, announced_validity
from .clocks import BACKWARDS_MARGIN

__all__ = ('ExpiringAnnouncement', 'ValidityAnnouncement', 'pending_validity', 'validity_changed')


class ValidityAnnouncement(CertificateAnnouncement):
    """The announcement that the validity of a certificate has changed, while its renewal status has not."""

    @property
    def changes_validity(self) -> bool:
        # Marks after the first one, too
        return True

    def change(self) -> tuple:
        return self.previous_validity, self.validity


@dataclass(frozen=True)
class ExpiringAnnouncement(ValidityAnnouncement):
    """The announcement that a certificate expires in ``mark`` days. At the first mark its validity changes."""

    mark: int

    def change(self) -> tuple:
        return (self.mark,)

    def data(self, serialized: dict) -> dict:
        data = super().data(serialized)
        data['announcement']['mark'] = self.mark
        return data


def validity_changed(certificate: Certificate, since: datetime, previous: str, validity: str) -> ValidityAnnouncement:
    """Return the announcement that ``validity`` replaced ``previous``. Its renewal status stays as announced."""
    expires = validity == ValidityChoices.EXPIRED
    event_type = CERTIFICATE_EXPIRED if expires else OBJECT_UPDATED
    status = certificate.announced_status or None
    return ValidityAnnouncement(certificate, event_type, since, status, status, previous, validity)


def pending_validity(certificate: Certificate, now: datetime) -> list[ValidityAnnouncement]:
    """
    Return what time has brought since ``announced_until``, oldest first: of several marks only the smallest, and the
    expiry. If the clock was set back, it may bring an expired certificate back. Revoked and retired certificates are
    not announced.
    """
    if certificate.status != CertificateStatusChoices.STATUS_ACTIVE or certificate.announced_until is None:
        return []
    if certificate.announced_until > certificate.valid_to >= now + BACKWARDS_MARGIN:
        since = certificate.last_updated
        return [validity_changed(certificate, since, ValidityChoices.EXPIRED, certificate.validity_at(now))]
    previous, found = announced_validity(certificate), []
    if (mark := certificate.pending_mark(now)) is not None:
        status, expiring = certificate.announced_status or None, ValidityChoices.EXPIRING
        since = certificate.marks_end - mark * DAY
        found.append(
            ExpiringAnnouncement(certificate, CERTIFICATE_EXPIRING, since, status, status, previous, expiring, mark)
        )
        previous = expiring
    if certificate.announced_until <= certificate.valid_to < now:
        found.append(validity_changed(certificate, certificate.valid_to, previous, ValidityChoices.EXPIRED))
    elif certificate.announced_until < certificate.valid_from <= now and not found:
        found.append(validity_changed(certificate, certificate.valid_from, previous, certificate.validity_at(now)))
    return found
