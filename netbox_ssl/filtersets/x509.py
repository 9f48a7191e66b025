"""Filters by the facts of an X.509 certificate, shared by certificates and issuances."""

from functools import reduce
from operator import or_

import django_filters
from django import forms
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from netbox.filtersets import BaseFilterSet
from utilities.filters import MultiValueCharFilter, multivalue_field_factory

from netbox_ssl.expiry.marks import DAY, MAX_MARK
from netbox_ssl.forms.fields import CoveredNameField
from netbox_ssl.models.mixins.chains import CHAIN_ENDS_FIRST
from netbox_ssl.models.name_lookups import carrying_q, covering_q, matching_name_q
from netbox_ssl.x509 import canonical_name, hex_digits, normalize_hex

__all__ = ('CoversFilter', 'DaysFilter', 'X509FilterSet', 'search_x509')


# Lookups for a whole value, and for a part of one
WHOLE = frozenset({'exact', 'iexact'})
PARTIAL = frozenset({'icontains', 'istartswith', 'iendswith'})


class HexFilter(MultiValueCharFilter):
    """Serial numbers and fingerprints, with or without colons or spaces, in either case."""

    def filter(self, qs, value):
        return super().filter(qs, [self._stored_form(item) for item in value] if value else value)

    def _stored_form(self, text: str) -> str:
        if self.lookup_expr in WHOLE:
            return normalize_hex(text) or text
        return hex_digits(text) if self.lookup_expr in PARTIAL else text


class NamesFilter(MultiValueCharFilter):
    """Certificates with any of the given subject alternative names, literally, or with one that a lookup matches."""

    def filter(self, qs, value):
        if not value:
            return qs
        if self.lookup_expr in WHOLE:
            found = carrying_q(qs.model, [canonical_name(name) for name in value])
        else:
            found = reduce(or_, (matching_name_q(self.lookup_expr, text) for text in value))
        return self.get_method(qs)(found)


class CoversFilter(MultiValueCharFilter):
    """Certificates that cover any of the given names, directly or by a wildcard (RFC 9525)."""

    field_class = multivalue_field_factory(CoveredNameField)

    def __init__(self, *args, **kwargs):
        # An expression that NetBox does not know: names are covered as a whole, so other lookups have no meaning.
        super().__init__(*args, **{**kwargs, 'lookup_expr': 'covers'})

    def filter(self, qs, value):
        return self.get_method(qs)(covering_q(qs.model, value)) if value else qs


@extend_schema_field(OpenApiTypes.INT)
class DaysFilter(django_filters.NumberFilter):
    """A number of days, from 0 to ``MAX_MARK``."""

    field_class = forms.IntegerField

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{'min_value': 0, 'max_value': MAX_MARK, **kwargs})


class X509FilterSet(BaseFilterSet):
    # The filters that django-filter makes for text columns accept one value only.
    subject = MultiValueCharFilter()
    issuer = MultiValueCharFilter()
    serial_number = HexFilter()
    fingerprint_sha256 = HexFilter(label=_('SHA-256 fingerprint'))
    fingerprint_sha1 = HexFilter(label=_('SHA-1 fingerprint'))
    public_key_sha256 = HexFilter(label=_('Public key SHA-256'))
    authority_key_id = HexFilter(label=_('Authority key ID'))
    subject_key_id = HexFilter(label=_('Subject key ID'))
    chain_ends_first = django_filters.BooleanFilter(
        method='filter_chain_ends_first',
        label=_('Chain expires first'),
    )
    # NetBox's lookups exist for columns only.
    lifetime_days__gt = DaysFilter(
        method='filter_longer',
        label=_('Lifetime of more than … days'),
    )
    lifetime_days__lte = DaysFilter(
        method='filter_shorter',
        label=_('Lifetime of at most … days'),
    )
    subject_alt_name = NamesFilter(field_name='subject_alt_names', label=_('Subject alternative name'))

    class Meta:
        abstract = True

    def filter_longer(self, queryset, name, value):
        return queryset.filter(valid_to__gt=F('valid_from') + value * DAY)

    def filter_shorter(self, queryset, name, value):
        return queryset.filter(valid_to__lte=F('valid_from') + value * DAY)

    def filter_chain_ends_first(self, queryset, name, value):
        # Not exclude(): without a chain the condition is null.
        return queryset.filter(CHAIN_ENDS_FIRST if value else ~CHAIN_ENDS_FIRST | Q(chain_valid_to=None))


def search_x509(value: str) -> Q:
    """Return the filter of a search box: names, subject, issuer, serial number and fingerprint."""
    found = Q(subject__icontains=value) | Q(issuer__icontains=value) | Q(subject_alt_names__icontains=value)
    if digits := normalize_hex(value):
        # Without the padding: a part of a serial number need not start at a whole octet.
        digits = digits.lstrip('0') or digits
        for column in ('serial_number', 'fingerprint_sha256', 'fingerprint_sha1'):
            found |= Q((f'{column}__contains', digits))
    return found
