"""
The renewal rule: when a certificate's renewal is due, when it is overdue, and what its renewal status is.

Each part is written once in Python and once in SQL, side by side; ``tests/acme/test_renewal.py`` compares them. The due
and overdue times do not depend on the clock, so the database keeps them as generated columns, which are null unless an
ACME client renews the certificate. The status is a comparison of these columns with *now*, for which indexes are used.

    renewal_status = null     when not is_acme, or status is not active
                     Expired  when now > valid_to
                     Manual   when not acme_auto_renewal
                     Due      when now >= renewal_due_at
                     OK       otherwise
"""

from datetime import datetime, timedelta

from django.db.models import Case, Count, DateTimeField, DurationField, F, Func, Q, Value, When
from django.db.models.functions import Coalesce, Greatest, Least
from django.db.models.lookups import LessThan

from netbox_ssl.choices import CertificateStatusChoices, RenewalStatusChoices

__all__ = (
    'MAX_RENEWAL_DAYS',
    'at_utc',
    'if_automatic',
    'overdue_at',
    'overdue_at_sql',
    'overdue_q',
    'renewal_due_at',
    'renewal_due_at_sql',
    'renewal_status',
    'status_counts',
    'status_q',
    'status_sql',
)

# Ten years: longer than the lifetime of any certificate, and small enough for date arithmetic
MAX_RENEWAL_DAYS = 3650

# ACME clients renew with a third of the lifetime left, or half of a lifetime shorter than this.
SHORT_LIFETIME = timedelta(days=10)


#
# When renewal is due
#


def renewal_due_at(
    valid_from: datetime,
    valid_to: datetime,
    renewal_days: int | None = None,
    ari_window_start: datetime | None = None,
) -> datetime:
    """
    Return when a client is expected to renew: at the start of the window suggested by the CA (RFC 9773, section 4.2),
    else ``renewal_days`` before ``valid_to``, else a third (below ten days: half) of the lifetime before it. Without a
    window the result is within the validity, so that days ≥ the lifetime mean "always due".
    """
    if ari_window_start is not None:
        return ari_window_start
    lifetime = valid_to - valid_from
    if renewal_days is not None:
        before = timedelta(days=renewal_days)
    else:
        before = lifetime / 2 if lifetime < SHORT_LIFETIME else lifetime / 3
    # Compared as durations: valid_to − before may lie before year 1, which datetime cannot express.
    return valid_to - max(min(before, lifetime), timedelta(0))


def at_utc(expression) -> Func:
    """
    Convert between timestamptz and UTC timestamp, in either direction. In PostgreSQL, arithmetic on timestamptz is
    STABLE (it may depend on the session's time zone) and refused in a generated column; on timestamp it is IMMUTABLE.
    """
    return Func(expression, template="(%(expressions)s AT TIME ZONE 'UTC')", output_field=DateTimeField())


def _due_without_window() -> Func:
    """Return the UTC timestamp at which renewal is due if the CA has not suggested a window."""
    valid_from, valid_to = at_utc(F('valid_from')), at_utc(F('valid_to'))
    lifetime = valid_to - valid_from
    before = Case(
        When(acme_renewal_days__isnull=False, then=F('acme_renewal_days') * Value(timedelta(days=1))),
        When(LessThan(lifetime, Value(SHORT_LIFETIME)), then=lifetime / Value(2)),
        default=lifetime / Value(3),
        output_field=DurationField(),
    )
    return Least(valid_to, Greatest(valid_from, valid_to - before), output_field=DateTimeField())


def renewal_due_at_sql():
    """Return the SQL twin of ``renewal_due_at()``, for a generated column of Certificate."""
    return Coalesce(F('ari_window_start'), at_utc(_due_without_window()), output_field=DateTimeField())


def if_automatic(moment) -> Case:
    """Return ``moment`` for certificates that an ACME client renews, else null: no renewal is expected then."""
    return Case(
        When(is_acme=True, acme_auto_renewal=True, then=moment),
        default=None,
        output_field=DateTimeField(null=True),
    )


#
# When it is overdue
#


def overdue_at(
    due_at: datetime,
    valid_to: datetime,
    ari_window_end: datetime | None = None,
) -> datetime:
    """
    Return the moment by which a working client would have renewed: the end of the CA's window, else halfway from the
    due time to ``valid_to``; never after ``valid_to`` and never before the due time.
    """
    if ari_window_end is not None:
        return max(min(ari_window_end, valid_to), due_at)
    return due_at + (valid_to - due_at) / 2 if due_at < valid_to else due_at


def overdue_at_sql():
    """Return the SQL twin of ``overdue_at()``, for a generated column of Certificate."""
    due, valid_to = at_utc(renewal_due_at_sql()), at_utc(F('valid_to'))
    halfway = due + (valid_to - due) / Value(2)
    end = Coalesce(at_utc(F('ari_window_end')), halfway, output_field=DateTimeField())
    return at_utc(Greatest(Least(end, valid_to), due, output_field=DateTimeField()))


#
# Status
#


def renewal_status(
    *,
    is_acme: bool,
    status: str,
    valid_to: datetime,
    auto_renewal: bool,
    due_at: datetime,
    now: datetime,
) -> str | None:
    """Return one of ``RenewalStatusChoices``, or None if no ACME renewal is expected."""
    if not is_eligible(is_acme, status):
        return None
    if now > valid_to:
        return RenewalStatusChoices.EXPIRED
    if not auto_renewal:
        return RenewalStatusChoices.MANUAL
    return RenewalStatusChoices.DUE if now >= due_at else RenewalStatusChoices.OK


def is_eligible(is_acme: bool, status: str) -> bool:
    """Return whether a certificate has a renewal status at all."""
    return is_acme and status == CertificateStatusChoices.STATUS_ACTIVE


def eligible_q(prefix: str = '') -> Q:
    """Return the SQL twin of ``is_eligible()``. ``prefix`` is a lookup path ending in ``__``, or empty."""
    return Q((f'{prefix}is_acme', True), (f'{prefix}status', CertificateStatusChoices.STATUS_ACTIVE))


def status_q(status: str | None, now: datetime, prefix: str = '') -> Q:
    """
    Select the certificates whose renewal status is ``status``, by range conditions for which indexes are used (a CASE
    expression would read the whole table).
    """
    eligible = eligible_q(prefix)
    if status is None:
        return ~eligible
    if status == RenewalStatusChoices.EXPIRED:
        return eligible & Q((f'{prefix}valid_to__lt', now))
    valid = eligible & Q((f'{prefix}valid_to__gte', now))
    if status == RenewalStatusChoices.MANUAL:
        return valid & Q((f'{prefix}acme_auto_renewal', False))
    automatic = valid & Q((f'{prefix}acme_auto_renewal', True))
    if status == RenewalStatusChoices.DUE:
        return automatic & Q((f'{prefix}renewal_due_at__lte', now))
    if status == RenewalStatusChoices.OK:
        return automatic & Q((f'{prefix}renewal_due_at__gt', now))
    raise ValueError(f'{status!r} is not a renewal status; choose from {RenewalStatusChoices.values()}')


def status_sql(now: datetime, prefix: str = '') -> Case:
    """Return the renewal status as an expression to sort by. To filter, ``status_q()`` is faster."""
    whens = [When(status_q(status, now, prefix), then=Value(status)) for status in RenewalStatusChoices.values()]
    return Case(*whens, default=Value(None))


def overdue_q(now: datetime, prefix: str = '') -> Q:
    """Select the certificates that are Due although a working client would have renewed them by now."""
    return status_q(RenewalStatusChoices.DUE, now, prefix) & Q((f'{prefix}renewal_overdue_at__lte', now))


def status_counts(certificates, now: datetime) -> dict[str, int]:
    """
    Return how many of ``certificates`` (a queryset of Certificate) have each renewal status, and how many are
    ``overdue``. The query reads each certificate once, from the index for its status.
    """
    automatic = certificates.filter(eligible_q(), acme_auto_renewal=True)
    by_hand = certificates.filter(eligible_q(), acme_auto_renewal=False)
    is_due = Q(renewal_due_at__lte=now)
    valid = automatic.filter(valid_to__gte=now).aggregate(
        all=Count('valid_to'),
        due=Count('valid_to', filter=is_due),
        overdue=Count('valid_to', filter=is_due & Q(renewal_overdue_at__lte=now)),
    )
    manual = by_hand.aggregate(all=Count('valid_to'), expired=Count('valid_to', filter=Q(valid_to__lt=now)))
    return {
        RenewalStatusChoices.OK: valid['all'] - valid['due'],
        RenewalStatusChoices.DUE: valid['due'],
        RenewalStatusChoices.EXPIRED: automatic.filter(valid_to__lt=now).count() + manual['expired'],
        RenewalStatusChoices.MANUAL: manual['all'] - manual['expired'],
        'overdue': valid['overdue'],
    }
