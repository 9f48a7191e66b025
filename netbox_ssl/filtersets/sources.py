"""Filters of certificate sources."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from netbox.filtersets import NetBoxModelFilterSet
from utilities.filtersets import register_filterset

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import CertificateSource, Endpoint, Issuance

from .mixins import OfCertificateFilterSet
from .places import RelatedIDFilter, VisibleFilter
from .states import SourceStateFilterSet

__all__ = ('CertificateSourceFilterSet',)


@register_filterset
class CertificateSourceFilterSet(SourceStateFilterSet, OfCertificateFilterSet, NetBoxModelFilterSet):
    issuance_id = VisibleFilter(
        queryset=Issuance.objects.all(),
        distinct=False,
        null_label=_('None'),
        label=_('Issuance (ID)'),
    )
    endpoint_id = RelatedIDFilter(
        field_name='endpoint',
        queryset=Endpoint.objects.all(),
        distinct=False,
        label=_('Endpoint (ID)'),
    )
    kind = django_filters.MultipleChoiceFilter(
        choices=SourceKindChoices,
        distinct=False,
        label=_('Kind'),
    )

    class Meta:
        model = CertificateSource
        fields = (
            'id',
            'external_id',
            'client',
            'machine_id',
            'valid_to',
            'issuance_since',
            'reported_at',
            'behind_since',
            'gone_since',
        )

    def search_q(self, value):
        return (
            Q(external_id__icontains=value) | Q(client__icontains=value) | self.certificate_q(Q(name__icontains=value))
        )
