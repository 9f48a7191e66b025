"""
The state of a source: which X.509 certificate its host really has.

The state itself changes with time and is not stored. Stored are the times that determine it, which
``models/source_reports.py`` updates after a report, a renewal or a sync. So each query is a range on an index, even for
a million sources, and independent of the settings.
"""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Case, Q, Value, When
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.choices import SourceStateChoices

from .source_moments import ALL_OLD, SourceMomentsMixin

__all__ = (
    'FROM_BAD_TO_GOOD',
    'LEAST_SILENCE',
    'SCALE_OF_BEHIND',
    'SCALE_OF_SILENCE',
    'SourceStatesMixin',
    'behind_q',
    'behind_until',
    'expired_q',
    'live_q',
    'severity_sql',
    'silent_q',
    'silent_until',
    'state_q',
    'state_sql',
    'unheard_q',
    'watched_state_conditions',
)

# Share of the lifetime that a renewal may take to reach all hosts (1/10): nine of 90 days, 14 hours of 6 days
SCALE_OF_BEHIND = 10
# Share of the lifetime that a host may be silent (1/4): the time between due and overdue of a short-lived certificate
SCALE_OF_SILENCE = 4
# Hosts report nightly, so not before one report was missed
LEAST_SILENCE = timedelta(hours=30)

# A certificate has the worst state of its sources. The position of a state here is its severity.
FROM_BAD_TO_GOOD = (
    SourceStateChoices.EXPIRED,
    SourceStateChoices.BEHIND,
    SourceStateChoices.SILENT,
    SourceStateChoices.CURRENT,
)


def behind_until(now: datetime) -> datetime:
    """Return the moment before which a source must have fallen behind for the grace of the setting to be over."""
    return now - timedelta(hours=settings.source_behind_hours())


def silent_until(now: datetime) -> datetime | None:
    """Return the moment before which the last report of a silent source was; None if no source is ever silent."""
    days = settings.source_silent_days()
    return now - timedelta(days=days) if days else None


def _whether_announced(flag: str, conditions: list[dict], prefix: str) -> Q:
    """
    Select the watched sources that meet one of ``conditions``, announced or not. Both are spelled out, because they
    have separate indexes (``source_indexes.py``).
    """
    found = Q()
    for announced in (False, True):
        for condition in conditions:
            arm = {'is_watched': True, flag: announced, **condition}
            found |= Q(**{f'{prefix}{name}': value for name, value in arm.items()})
    return found


def expired_q(now: datetime, prefix: str = '') -> Q:
    """Select the sources whose X.509 certificate has expired. Python twin: ``is_expired_at``."""
    return _whether_announced('expired_announced', [{'valid_to__lt': now}], prefix)


def behind_q(now: datetime, prefix: str = '') -> Q:
    """Select the sources that are behind, including expired ones. Python twin: ``is_behind_at``."""
    over = [{'behind_since__isnull': False, **condition} for condition in _grace_over(now)]
    return _whether_announced('behind_announced', over, prefix)


def silent_q(now: datetime, prefix: str = '') -> Q:
    """Select the sources that are silent, including expired and behind ones. Python twin: ``is_silent_at``."""
    if not (conditions := _long_ago(now)):
        return Q((f'{prefix}pk__in', ()))
    return _whether_announced('silent_announced', conditions, prefix)


def unheard_q(now: datetime) -> Q:
    """Select the sources that have not reported for long, whether or not their certificate is active."""
    found = Q(pk__in=())
    for condition in _long_ago(now):
        found |= Q(**condition)
    return found


def live_q(now: datetime) -> Q:
    """Select the sources whose last report is recent, even if their certificate is revoked or retired."""
    return Q(issuance__isnull=False, gone_since__isnull=True) & ~unheard_q(now)


def _grace_over(now: datetime) -> list[dict]:
    """Return conditions of which a source that is behind meets one."""
    return [{'behind_since__lte': behind_until(now)}, {'behind_scaled_at__lte': now}]


def _long_ago(now: datetime) -> list[dict]:
    """Return conditions of which a silent source meets one; none if no source is ever silent."""
    until = silent_until(now)
    return [{'reported_at__lt': until}, {'silent_scaled_at__lt': now}] if until else []


def state_q(state: str | None, now: datetime, prefix: str = '') -> Q:
    """
    Select the sources in ``state``, one of ``SourceStateChoices`` or None. Python twin: ``state_at``.

    Args:
        prefix: a lookup path that ends in ``__``, or empty
    """
    watched = Q((f'{prefix}is_watched', True))
    if state == SourceStateChoices.GONE:
        return Q((f'{prefix}gone_since__isnull', False))
    if state is None:
        return Q((f'{prefix}is_watched', False), (f'{prefix}gone_since__isnull', True))
    expired = expired_q(now, prefix)
    if state == SourceStateChoices.EXPIRED:
        return expired
    # Each condition is complete by itself, so that its index can be used.
    valid = Q((f'{prefix}valid_to__gte', now))
    behind, silent = behind_q(now, prefix), silent_q(now, prefix)
    if state == SourceStateChoices.BEHIND:
        return behind & valid
    if state == SourceStateChoices.SILENT:
        return silent & valid & ~behind
    if state == SourceStateChoices.CURRENT:
        return watched & valid & ~behind & ~silent
    raise ValueError(f'{state!r} is not a state of a source; choose from {SourceStateChoices.values()}')


def severity_sql(now: datetime, prefix: str = '') -> Case:
    """Return the position of the state in ``FROM_BAD_TO_GOOD`` as an expression; null for *gone* and no state."""
    conditions = watched_state_conditions(now, prefix)
    return Case(
        *(When(conditions[state], then=Value(place)) for place, state in enumerate(FROM_BAD_TO_GOOD)),
        default=Value(None),
        output_field=models.SmallIntegerField(),
    )


def state_sql(now: datetime, prefix: str = '') -> Case:
    """Return the state as an expression. To filter, ``state_q()`` is faster."""
    return Case(
        When(state_q(SourceStateChoices.GONE, now, prefix), then=Value(SourceStateChoices.GONE)),
        *(When(condition, then=Value(state)) for state, condition in watched_state_conditions(now, prefix).items()),
        default=Value(None),
        output_field=models.TextField(),
    )


def watched_state_conditions(now: datetime, prefix: str) -> dict[str, Q]:
    """
    Return state → condition, from bad to good: a watched source is in the first state whose condition it meets. They
    are for expressions, and much shorter than those of ``state_q()``, which exclude each other and have indexes.
    """
    found = {
        SourceStateChoices.EXPIRED: [{'valid_to__lt': now}],
        SourceStateChoices.BEHIND: _grace_over(now),
        SourceStateChoices.SILENT: _long_ago(now),
        SourceStateChoices.CURRENT: [{}],
    }
    return {state: _any_watched(conditions, prefix) for state, conditions in found.items()}


def _any_watched(conditions: list[dict], prefix: str) -> Q:
    """Select the watched sources that meet one of ``conditions``; none if there is none."""
    if not conditions:
        return Q((f'{prefix}pk__in', ()))
    any_of_them = Q()
    for condition in conditions:
        any_of_them |= Q(**{f'{prefix}{name}': value for name, value in condition.items()})
    return Q((f'{prefix}is_watched', True)) & any_of_them


class SourceStatesMixin(SourceMomentsMixin):
    class Meta:
        abstract = True

    def is_expired_at(self, now: datetime) -> bool:
        return self.is_watched and self.valid_to < now

    def is_behind_at(self, now: datetime) -> bool:
        if not self.is_watched or self.behind_since is None:
            return False
        return self.behind_since <= behind_until(now) or self.behind_scaled_at <= now

    def is_silent_at(self, now: datetime) -> bool:
        if not self.is_watched or (until := silent_until(now)) is None:
            return False
        return self.reported_at < until or self.silent_scaled_at < now

    def state_at(self, now: datetime) -> str | None:
        """Return one of ``SourceStateChoices``; None if no reports are expected. SQL twin: ``state_q``."""
        if self.gone_since is not None:
            return SourceStateChoices.GONE
        if not self.is_watched:
            return None
        if self.is_expired_at(now):
            return SourceStateChoices.EXPIRED
        if self.is_behind_at(now):
            return SourceStateChoices.BEHIND
        return SourceStateChoices.SILENT if self.is_silent_at(now) else SourceStateChoices.CURRENT

    def state_since_at(self, now: datetime) -> datetime | None:
        """Return since when it has been in its state at ``now``; for *silent*, the time of its last report."""
        return {
            SourceStateChoices.GONE: self.gone_since,
            SourceStateChoices.EXPIRED: self.valid_to,
            SourceStateChoices.BEHIND: self.behind_since,
            SourceStateChoices.SILENT: self.reported_at,
            SourceStateChoices.CURRENT: self.issuance_since,
        }.get(self.state_at(now))

    @property
    def state(self) -> str | None:
        """Return one of ``SourceStateChoices`` or None, as of now."""
        return self.state_at(timezone.now())

    @property
    def state_since(self) -> datetime | None:
        return self.state_since_at(timezone.now())

    def get_state_display(self):
        return dict(SourceStateChoices).get(self.state)

    def get_state_color(self):
        return SourceStateChoices.colors.get(self.state)

    @property
    def is_behind(self) -> bool:
        """Return whether it does not have the current X.509 certificate: not reloaded, or its client is stuck."""
        return self.is_behind_at(timezone.now())

    @property
    def old_answers(self) -> int | None:
        """
        Return how many of the last answers of an endpoint were a previous X.509 certificate, if they alternate with the
        current one; otherwise None. SQL twin: ``ALTERNATES`` in ``models/source_reports.py``.
        """
        alternates = self.answers & ~(self.answers >> 1) & (ALL_OLD >> 1)
        counted = self.answers & (ALL_OLD >> 1)
        return counted.bit_count() if alternates and self.behind_since is not None else None

    @property
    def is_silent(self) -> bool:
        """Return whether it has not reported for too long: the host or its client may be gone."""
        return self.is_silent_at(timezone.now())
