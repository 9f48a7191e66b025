"""Filters of certificate sources."""

import django_filters
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.filtersets import NetBoxModelFilterSet
from utilities.filtersets import register_filterset

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import CertificateSource, Issuance
from netbox_ssl.models.mixins.source_states import behind_q, silent_q

from .mixins import OfCertificateFilterSet

__all__ = ('CertificateSourceFilterSet',)


@register_filterset
class CertificateSourceFilterSet(OfCertificateFilterSet, NetBoxModelFilterSet):
    issuance_id = django_filters.ModelMultipleChoiceFilter(
        queryset=Issuance.objects.all(),
        distinct=False,
        label=_('Issuance (ID)'),
    )
    behind = django_filters.BooleanFilter(
        method='filter_behind',
        label=_('Behind'),
    )
    silent = django_filters.BooleanFilter(
        method='filter_silent',
        label=_('Silent'),
    )

    kind = django_filters.MultipleChoiceFilter(
        choices=SourceKindChoices,
        distinct=False,
        label=_('Kind'),
    )

    class Meta:
        model = CertificateSource
        fields = ('id', 'external_id', 'client', 'machine_id', 'reported_at', 'behind_since')

    def search(self, queryset, name, value):
        if not (value := value.strip()):
            return queryset
        return queryset.filter(
            Q(external_id__icontains=value) | Q(client__icontains=value) | Q(certificate__name__icontains=value)
        )

    def filter_behind(self, queryset, name, value):
        behind = behind_q(timezone.now())
        return queryset.filter(behind if value else ~behind)

    def filter_silent(self, queryset, name, value):
        silent = silent_q(timezone.now())
        return queryset.filter(silent if value else ~silent)
