"""
Tells the Event Rules that the CA wants a certificate renewed sooner than it said before, as it does when it is about to
revoke many. What is to be told stands in the row itself until it has been: a worker that dies in between leaves it to
the next run, which tells it under the same announcement id.
"""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from netbox_ssl.announcements.announcement import NAMESPACE, Announcement, Rules
from netbox_ssl.announcements.delivery import tell
from netbox_ssl.announcements.locks import locked_if_free
from netbox_ssl.announcements.queues import queued_together
from netbox_ssl.event_types import RENEWAL_WINDOW_MOVED
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.ari import UNTOLD_MOVE

__all__ = ('WindowMoved', 'tell_moved')

BATCH = 100


@dataclass(frozen=True)
class WindowMoved(Announcement):
    """That the window of ``certificate`` (as saved) was ``previous_start`` … ``previous_end`` before."""

    previous_start: datetime = None
    previous_end: datetime = None

    @property
    def id(self) -> uuid.UUID:
        """The same each time the same move is told."""
        certificate = self.certificate
        moments = (
            self.previous_start,
            self.previous_end,
            certificate.ari_window_start,
            certificate.ari_window_end,
        )
        parts = (self.event_type, certificate.pk, certificate.ari_cert_id, *(_text(moment) for moment in moments))
        return uuid.uuid5(NAMESPACE, '|'.join(map(str, parts)))

    def data(self, serialized: dict) -> dict:
        data = super().data(serialized)
        data['announcement'] |= {
            'previous_window': {'start': _text(self.previous_start), 'end': _text(self.previous_end)},
            'window': {
                'start': _text(self.certificate.ari_window_start),
                'end': _text(self.certificate.ari_window_end),
            },
        }
        return data

    def snapshots(self) -> dict:
        """Nothing but the window differs."""
        snapshots = super().snapshots()
        before = {'ari_window_start': _text(self.previous_start), 'ari_window_end': _text(self.previous_end)}
        after = {
            'ari_window_start': _text(self.certificate.ari_window_start),
            'ari_window_end': _text(self.certificate.ari_window_end),
        }
        return {
            'prechange': {**snapshots['prechange'], **before},
            'postchange': {**snapshots['postchange'], **after},
        }


def tell_moved(pks: list[int] | None = None) -> int:
    """Tell of windows that moved: of these certificates, else of all that have not been told of. Returns how many."""
    untold = Certificate.objects.filter(UNTOLD_MOVE)
    if pks is not None:
        return _tell_batch(untold.filter(pk__in=pks).values_list('pk', flat=True))
    total, last = 0, 0
    while page := list(untold.filter(pk__gt=last).order_by('pk').values_list('pk', flat=True)[:BATCH]):
        total += _tell_batch(page)
        last = page[-1]
    return total


def _tell_batch(pks) -> int:
    told = []
    with locked_if_free(list(pks)) as held:
        # Read anew: another may have told it, or it was renewed.
        announcements = [_moved(row) for row in Certificate.objects.filter(UNTOLD_MOVE, pk__in=held).order_by('pk')]
        if announcements:
            rules = Rules([RENEWAL_WINDOW_MOVED])
            # Also when the queue is lost half-way: what was told need not be told again.
            with queued_together(when_sent=lambda: _record(told)):
                for announcement in tell(announcements, rules):
                    told.append(announcement)
    return len(told)


def _moved(certificate: Certificate) -> WindowMoved:
    status = certificate.renewal_status
    return WindowMoved(
        certificate,
        RENEWAL_WINDOW_MOVED,
        status,
        status,
        certificate.ari_last_checked or certificate.ari_window_start,
        certificate.ari_previous_start,
        certificate.ari_previous_end,
    )


def _record(told: list[WindowMoved]) -> None:
    """Only if it has not moved once more meanwhile: that is another announcement, from here on."""
    for announcement in told:
        certificate = announcement.certificate
        rows = Certificate.objects.filter(pk=certificate.pk, ari_previous_start=announcement.previous_start)
        now = {'ari_window_start': certificate.ari_window_start, 'ari_window_end': certificate.ari_window_end}
        if not rows.filter(**now).update(ari_previous_start=None, ari_previous_end=None):
            rows.update(ari_previous_start=certificate.ari_window_start, ari_previous_end=certificate.ari_window_end)


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')
