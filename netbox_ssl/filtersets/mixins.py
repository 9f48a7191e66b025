"""Filters that several of our filter sets share."""

import django_filters
from django.utils.translation import gettext_lazy as _
from netbox.filtersets import BaseFilterSet

from netbox_ssl.models import Certificate

__all__ = ('OfCertificateFilterSet',)


class OfCertificateFilterSet(BaseFilterSet):
    certificate_id = django_filters.ModelMultipleChoiceFilter(
        queryset=Certificate.objects.all(),
        distinct=False,
        label=_('Certificate (ID)'),
    )
    certificate = django_filters.ModelMultipleChoiceFilter(
        field_name='certificate__name',
        queryset=Certificate.objects.all(),
        to_field_name='name',
        distinct=False,
        label=_('Certificate (name)'),
    )

    class Meta:
        abstract = True
