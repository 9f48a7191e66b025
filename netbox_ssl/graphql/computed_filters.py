"""Filters by values that are not database columns, because they depend on the current time."""

import strawberry_django
from django.db.models import QuerySet
from strawberry.types import Info

__all__ = ('filter_computed',)


def filter_computed(name: str, expression, info: Info, queryset: QuerySet, value, prefix: str):
    """
    Return the queryset and the condition for ``value``, a lookup, on ``expression``.

    Args:
        name: the name of the filter
        prefix: the path to its object, as given to the filter
    """
    # One alias for each relation, so that nested filters do not overwrite each other's.
    alias = f'_{prefix}{name}'.replace('__', '_')
    return strawberry_django.process_filters(value, queryset.alias(**{alias: expression}), info, prefix=f'{alias}__')
