"""Pages of a table in the order of an index, each read from the end of the previous one."""

from django.db.models import F, Q, QuerySet

__all__ = ('in_order', 'together')


def in_order(rows: QuerySet, key: str, after: tuple | None = None) -> QuerySet:
    """Return pairs (value of ``key``, pk) of ``rows`` in that order: those that follow the pair ``after``."""
    if after is not None:
        value, pk = after
        # The first condition is where the index scan starts.
        rows = rows.filter(Q((f'{key}__gte', value)) & (Q((f'{key}__gt', value)) | Q(pk__gt=pk)))
    order = (key, 'pk') if key != 'pk' else ('pk',)
    return rows.order_by(*order).annotate(moment=F(key)).values_list('moment', 'pk')


def together(parts: list[QuerySet]) -> QuerySet:
    """Return the rows of all ``parts``, each the first page of ``in_order()``, in that order."""
    first, *others = parts
    return first.union(*others, all=True).order_by('moment', 'pk') if others else first
