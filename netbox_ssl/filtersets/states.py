"""Filters by states that depend on the current time: the renewal status and the states of sources."""

import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from netbox.filtersets import BaseFilterSet
from utilities.filters import MultiValueCharFilter

from netbox_ssl.choices import SourceStateChoices
from netbox_ssl.models.mixins.source_states import behind_q, silent_q, state_q
from netbox_ssl.places.deployment import DEPLOYMENT_CHOICES, deployment_q, unreported_q, visible_sources
from netbox_ssl.utilities import in_choice_case

__all__ = ('AnyCaseChoiceFilter', 'DeploymentFilterSet', 'SourceStateFilterSet', 'any_of')


class AnyCaseChoiceField(django_filters.fields.MultipleChoiceField):
    """A multiple choice field that ignores case."""

    def to_python(self, value):
        return in_choice_case(super().to_python(value), self.choices)


@extend_schema_field(OpenApiTypes.STR)
class AnyCaseChoiceFilter(django_filters.MultipleChoiceFilter):
    field_class = AnyCaseChoiceField


def any_of(values: list[str], condition) -> Q:
    """Return the filter for ``condition(value)`` of at least one of ``values``; ``null`` means None."""
    wanted = Q()
    for value in values:
        wanted |= condition(None if value == 'null' else value)
    return wanted


class SourceStateFilterSet(BaseFilterSet):
    """Filters of sources by their state."""

    state = AnyCaseChoiceFilter(
        choices=SourceStateChoices,
        method='filter_state',
        distinct=False,
        null_value='null',
        null_label=_('None'),
        label=_('State'),
    )
    behind = django_filters.BooleanFilter(
        method='filter_behind',
        label=_('Behind'),
    )
    silent = django_filters.BooleanFilter(
        method='filter_silent',
        label=_('Silent'),
    )

    class Meta:
        abstract = True

    def filter_state(self, queryset, name, value):
        now = timezone.now()
        return queryset.filter(any_of(value, lambda state: state_q(state, now))) if value else queryset

    def filter_behind(self, queryset, name, value):
        behind = behind_q(timezone.now())
        return queryset.filter(behind if value else ~behind)

    def filter_silent(self, queryset, name, value):
        silent = silent_q(timezone.now())
        return queryset.filter(silent if value else ~silent)


class DeploymentFilterSet(BaseFilterSet):
    """Filters of certificates by the state of the sources that the user may view."""

    deployment_state = AnyCaseChoiceFilter(
        choices=DEPLOYMENT_CHOICES,
        method='filter_deployment_state',
        distinct=False,
        null_value='null',
        null_label=_('None'),
        label=_('Deployment state'),
    )
    source_behind = django_filters.BooleanFilter(
        method='filter_source',
        label=_('A source is behind'),
    )
    source_silent = django_filters.BooleanFilter(
        method='filter_source',
        label=_('A source is silent'),
    )
    source_client = MultiValueCharFilter(
        method='filter_source_client',
        label=_('Client of a source'),
    )
    unreported = django_filters.BooleanFilter(
        method='filter_unreported',
        label=_('No longer reported'),
    )

    class Meta:
        abstract = True

    def visible_sources(self):
        return visible_sources(self.request.user if self.request else None)

    def filter_deployment_state(self, queryset, name, value):
        if not value:
            return queryset
        now, sources = timezone.now(), self.visible_sources()
        return queryset.filter(any_of(value, lambda state: deployment_q(state, now, sources)))

    def filter_unreported(self, queryset, name, value):
        return queryset.filter(unreported_q() if value else ~unreported_q())

    def filter_source_client(self, queryset, name, value):
        if not value:
            return queryset
        sources = self.visible_sources().filter(gone_since=None, client__in=value)
        return queryset.filter(pk__in=sources.order_by().values('certificate'))

    def filter_source(self, queryset, name, value):
        state = {'source_behind': behind_q, 'source_silent': silent_q}[name](timezone.now())
        found = Q(pk__in=self.visible_sources().filter(state).order_by().values('certificate'))
        return queryset.filter(found if value else ~found)
