"""Filters of issuances."""

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from utilities.filters import MultiValueDateTimeFilter
from utilities.filtersets import register_filterset

from netbox_ssl.models import Issuance

from .mixins import OfCertificateFilterSet
from .x509 import X509FilterSet, search_x509

__all__ = ('IssuanceFilterSet',)


@register_filterset
class IssuanceFilterSet(X509FilterSet, OfCertificateFilterSet):
    q = django_filters.CharFilter(
        method='search',
        label=_('Search'),
    )
    created = MultiValueDateTimeFilter()

    class Meta:
        model = Issuance
        fields = (
            'id',
            'valid_from',
            'valid_to',
            'key_algorithm',
            'key_size',
            'signature_algorithm',
            'is_ca',
            'chain_valid_to',
        )

    def search(self, queryset, name, value):
        if not (value := value.strip()):
            return queryset
        return queryset.filter(search_x509(value) | self.certificate_q(Q(name__icontains=value)))
