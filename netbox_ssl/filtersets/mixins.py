"""Filters that several of our filter sets share."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from netbox_ssl.models import Certificate

from .checked import CheckedFilterSet
from .places import VisibleFilter
from .search import SearchFilterSet

__all__ = ('OfCertificateFilterSet',)


class OfCertificateFilterSet(SearchFilterSet, CheckedFilterSet):
    certificate_id = VisibleFilter(
        queryset=Certificate.objects.all(),
        distinct=False,
        label=_('Certificate (ID)'),
    )
    certificate = VisibleFilter(
        field_name='certificate__name',
        queryset=Certificate.objects.all(),
        to_field_name='name',
        distinct=False,
        label=_('Certificate (name)'),
    )

    class Meta:
        abstract = True

    def certificate_q(self, condition: Q) -> Q:
        """
        Select by a condition on the certificate, which the user must be permitted to view: a filter must not reveal
        what a list does not show.
        """
        certificates = Certificate.objects.filter(condition).order_by()
        if self.request:
            certificates = certificates.restrict(self.request.user, 'view')
        return Q(certificate__in=certificates.values('pk'))
