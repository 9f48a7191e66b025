"""The number of active certificates with each validity, counted in SQL from the partial indexes by who renews them."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from netbox_ssl import settings
from netbox_ssl.acme.renewal_kinds import RENEWAL_KINDS, active_q
from netbox_ssl.choices import ValidityChoices
from netbox_ssl.expiry.validity import validity_q

__all__ = ('validity_counts',)

# Counted by ranges of dates; the others are valid.
EXCEPTIONS = (ValidityChoices.EXPIRED, ValidityChoices.EXPIRING, ValidityChoices.NOT_YET_VALID)


def validity_counts(
    certificates: QuerySet, now: datetime, kinds: Iterable[str] = RENEWAL_KINDS
) -> dict[str, dict[str, int]]:
    """
    Return kind (one of ``RENEWAL_KINDS``) → validity → number of active certificates.

    Args:
        certificates: a queryset of Certificate, without an order
    """
    return {kind: _counts(certificates.filter(active_q(kind)), now) for kind in kinds}


def _counts(certificates: QuerySet, now: datetime) -> dict[str, int]:
    marks = settings.expiry_marks()
    found = {each: certificates.filter(validity_q(each, now, marks)).count() for each in EXCEPTIONS}
    return {ValidityChoices.VALID: certificates.count() - sum(found.values()), **found}
