"""Filters by values that are not database columns, because they depend on the current time."""

import strawberry_django
from django.db.models import BooleanField, Q, QuerySet, Value
from django.db.models.functions import Coalesce
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
    queryset, q = strawberry_django.process_filters(
        value, queryset.alias(**{alias: expression}), info, prefix=f'{alias}__'
    )
    # Unlike for columns, Django does not take into account that an expression may be null: without this, a certificate
    # without the value would match neither a filter nor its NOT.
    return queryset, Q(Coalesce(q, Value(False), output_field=BooleanField())) if q else q
