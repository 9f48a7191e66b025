"""The first certificates of a selection, with what the tables of *Overview* and *Renewals* show of them."""

from django.db.models import QuerySet

from netbox_ssl.models.mixins.renewal import STATE_COLUMNS

from .first_to_expire import first_to_expire

__all__ = ('first_rows', 'first_to_end', 'with_shown_columns')

COLUMNS = ('name', *STATE_COLUMNS, 'renewal_overdue_at', 'unreported_since', 'tenant__name')


def first_rows(certificates: QuerySet, order: tuple[str, ...], shown: int, count: int | None = None) -> dict:
    """
    Return the first ``shown`` certificates (``rows``), the number of all of them (``count``, which may be known
    already), and whether there are ``more``.
    """
    # The last columns in the same direction, so that an index can be used
    ordered = certificates.order_by(*order, '-pk' if order[-1].startswith('-') else 'pk')
    return _part(certificates, list(with_shown_columns(ordered)[: shown + 1]), shown, count)


def first_to_end(certificates: QuerySet, shown: int, count: int | None = None) -> dict:
    """Return the same for the certificates that expire first, themselves or their chains."""
    return _part(certificates, first_to_expire(with_shown_columns(certificates), shown + 1), shown, count)


def _part(certificates: QuerySet, rows: list, shown: int, count: int | None) -> dict:
    if count is None:
        # Count, which is slower, only if there are more.
        count = certificates.count() if len(rows) > shown else len(rows)
    return {'rows': rows[:shown], 'count': count, 'more': count > shown}


def with_shown_columns(certificates: QuerySet) -> QuerySet:
    """Return the queryset with the columns that the tables show, and no others."""
    return certificates.select_related('tenant').only(*COLUMNS)
