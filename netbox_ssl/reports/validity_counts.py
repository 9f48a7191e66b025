"""The number of active certificates with each validity, by who renews them, counted in SQL from indexes alone."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, QuerySet, Value

from netbox_ssl import settings
from netbox_ssl.acme.renewal_kinds import RENEWAL_KINDS, active_q, renewal_kind
from netbox_ssl.choices import CertificateStatusChoices, ValidityChoices
from netbox_ssl.expiry.validity import later, validity_q

__all__ = ('sum_of_kinds', 'validity_counts')


def validity_counts(certificates: QuerySet, now: datetime) -> dict[str, dict[str, int]]:
    """
    Return kind (one of ``RENEWAL_KINDS``) → validity → number of active certificates.

    Only those that expire before the largest mark are looked at (the index ``netbox_ssl_cert_soon`` has all that the
    rule reads), and a few others; the rest is valid.

    Args:
        certificates: a queryset of Certificate, without an order
    """
    marks = settings.expiry_marks()
    last_mark_at = later(now, max(marks, default=0))
    is_expiring = validity_q(ValidityChoices.EXPIRING, now, marks)
    active = certificates.filter(status=CertificateStatusChoices.STATUS_ACTIVE)
    counts = {kind: dict.fromkeys(ValidityChoices.values(), 0) for kind in RENEWAL_KINDS}
    _add(counts, active.filter(expires_at__lte=last_mark_at), Expired=Q(valid_to__lt=now), Expiring=is_expiring)
    # With marks of their own, some expire later.
    with_own_marks = active.filter(is_expiring, expires_at__gt=last_mark_at).exclude(expiry_marks=[])
    _add(counts, with_own_marks, Expiring=Q())
    not_yet_valid = validity_q(ValidityChoices.NOT_YET_VALID, now, marks)
    _add(counts, active.filter(not_yet_valid), **{ValidityChoices.NOT_YET_VALID: Q()})
    for kind, found in counts.items():
        found[ValidityChoices.VALID] = certificates.filter(active_q(kind)).count() - sum(found.values())
    return counts


def _add(counts: dict[str, dict[str, int]], certificates: QuerySet, **conditions: Q) -> None:
    """Add the number of ``certificates`` that meet the condition of each validity."""
    numbers = {
        f'number{index}': Count(Value(1), filter=condition or None)
        for index, condition in enumerate(conditions.values())
    }
    for row in certificates.values('is_acme', 'acme_auto_renewal').annotate(**numbers).order_by():
        found = counts[renewal_kind(row['is_acme'], row['acme_auto_renewal'])]
        for index, validity in enumerate(conditions):
            found[validity] += row[f'number{index}']


def sum_of_kinds(counts: dict[str, dict[str, int]], kinds: Iterable[str] = RENEWAL_KINDS) -> dict[str, int]:
    """Return validity → number of certificates of these kinds."""
    return {value: sum(counts[kind][value] for kind in kinds) for value in ValidityChoices.values()}
