"""Filters of issuances."""

from django.db.models import Q
from utilities.filters import MultiValueDateTimeFilter
from utilities.filtersets import register_filterset

from netbox_ssl.models import Issuance

from .mixins import OfCertificateFilterSet
from .x509 import X509FilterSet, search_x509

__all__ = ('IssuanceFilterSet',)


@register_filterset
class IssuanceFilterSet(X509FilterSet, OfCertificateFilterSet):
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

    def search_q(self, value):
        return search_x509(value) | self.certificate_q(Q(name__icontains=value))
