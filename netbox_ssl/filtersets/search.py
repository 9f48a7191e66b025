"""The search box of a list."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from netbox.filtersets import BaseFilterSet

__all__ = ('SearchFilterSet',)


class SearchFilterSet(BaseFilterSet):
    q = django_filters.CharFilter(
        method='search',
        label=_('Search'),
    )

    class Meta:
        abstract = True

    def search(self, queryset, name, value):
        return queryset.filter(self.search_q(value)) if (value := value.strip()) else queryset

    def search_q(self, value: str) -> Q:
        """Return the condition for ``value``, which is not empty."""
        raise NotImplementedError
