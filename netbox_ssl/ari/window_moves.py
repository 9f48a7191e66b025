"""
Announces windows that moved: the CA suggests renewing a certificate sooner than before, for example because it is about
to revoke many.

A move is stored in the row until it has been announced. If a worker dies in between, the next run announces it, with
the same ID.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from netbox_ssl.announcements.announcement import CertificateAnnouncement
from netbox_ssl.announcements.batches import Announcer, announce, announce_all
from netbox_ssl.announcements.sweep.paging import in_order
from netbox_ssl.event_types import RENEWAL_WINDOW_MOVED
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.ari import UNANNOUNCED_MOVE
from netbox_ssl.utilities import timestamp

__all__ = ('WindowMove', 'WindowMoveAnnouncer', 'announce_moves')


@dataclass(frozen=True)
class WindowMove(CertificateAnnouncement):
    """The announcement that the window of a certificate was ``previous_start`` … ``previous_end`` before."""

    previous_start: datetime
    previous_end: datetime

    def identity(self) -> tuple:
        certificate = self.certificate
        moments = (
            self.previous_start,
            self.previous_end,
            certificate.ari_window_start,
            certificate.ari_window_end,
        )
        return (self.event_type, certificate.pk, certificate.ari_cert_id, *(timestamp(moment) for moment in moments))

    def data(self, serialized: dict) -> dict:
        data = super().data(serialized)
        data['announcement'] |= {
            'previous_window': {'start': timestamp(self.previous_start), 'end': timestamp(self.previous_end)},
            'window': {
                'start': timestamp(self.certificate.ari_window_start),
                'end': timestamp(self.certificate.ari_window_end),
            },
        }
        return data

    def snapshots(self) -> dict:
        """Return snapshots that differ only in the window."""
        snapshots = super().snapshots()
        before = {'ari_window_start': timestamp(self.previous_start), 'ari_window_end': timestamp(self.previous_end)}
        after = {
            'ari_window_start': timestamp(self.certificate.ari_window_start),
            'ari_window_end': timestamp(self.certificate.ari_window_end),
        }
        return {
            'prechange': {**snapshots['prechange'], **before},
            'postchange': {**snapshots['postchange'], **after},
        }


class WindowMoveAnnouncer(Announcer):
    """Announces windows that moved."""

    model = Certificate
    event_types = (RENEWAL_WINDOW_MOVED,)

    def page(self, now, after: tuple | None, size: int) -> list[tuple]:
        return list(in_order(Certificate.objects.filter(UNANNOUNCED_MOVE), 'pk', after)[:size])

    def read(self, pks: list[int], now) -> list[WindowMove]:
        rows = Certificate.objects.filter(UNANNOUNCED_MOVE, pk__in=pks).order_by('pk')
        return [self._move(row, row.renewal_status_at(now), row.validity_at(now)) for row in rows]

    def _move(self, certificate: Certificate, status: str | None, validity: str) -> WindowMove:
        return WindowMove(
            certificate,
            RENEWAL_WINDOW_MOVED,
            certificate.ari_last_checked or certificate.ari_window_start,
            status,
            status,
            validity,
            validity,
            certificate.ari_previous_start,
            certificate.ari_previous_end,
        )

    def record(self, announced: list[WindowMove], now) -> None:
        """Record the moves, unless the window has moved again meanwhile, which is another announcement."""
        for move in announced:
            certificate = move.certificate
            rows = Certificate.objects.filter(pk=certificate.pk, ari_previous_start=move.previous_start)
            window = {'ari_window_start': certificate.ari_window_start, 'ari_window_end': certificate.ari_window_end}
            if not rows.filter(**window).update(ari_previous_start=None, ari_previous_end=None):
                rows.update(
                    ari_previous_start=certificate.ari_window_start, ari_previous_end=certificate.ari_window_end
                )


def announce_moves(pks: list[int] | None = None) -> int:
    """Announce windows that moved, of these certificates or all. Return how many were announced."""
    now = timezone.now()
    announcer = WindowMoveAnnouncer()
    if pks is not None:
        return len(announce(announcer, pks, now).announced)
    total = 0

    def count(batch) -> None:
        nonlocal total
        total += len(batch.announced)

    announce_all(announcer, now, after_batch=count)
    return total
