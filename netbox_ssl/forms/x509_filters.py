"""The fields of filter forms for the facts of an X.509 certificate."""

from django import forms
from django.utils.translation import gettext_lazy as _
from utilities.forms import BOOLEAN_WITH_BLANK_CHOICES

from netbox_ssl.expiry.marks import MAX_MARK

from .fields import DayField

__all__ = ('X509_FILTERS', 'X509FilterForm', 'yes_no_any')


def yes_no_any(label) -> forms.NullBooleanField:
    """Return a filter with three states: yes, no, any."""
    return forms.NullBooleanField(label=label, required=False, widget=forms.Select(choices=BOOLEAN_WITH_BLANK_CHOICES))


class X509FilterForm(forms.Form):
    subject_alt_name = forms.CharField(
        label=_('Subject alternative name'),
        required=False,
    )
    issuer = forms.CharField(
        label=_('Issuer'),
        required=False,
    )
    serial_number = forms.CharField(
        label=_('Serial number'),
        required=False,
    )
    key_algorithm = forms.CharField(
        label=_('Key algorithm'),
        required=False,
    )
    key_size = forms.IntegerField(
        label=_('Key size'),
        required=False,
        min_value=0,
    )
    signature_algorithm = forms.CharField(
        label=_('Signature algorithm'),
        required=False,
    )
    lifetime_days__gt = forms.IntegerField(
        label=_('Lifetime of more than … days'),
        required=False,
        min_value=0,
        max_value=MAX_MARK,
    )
    lifetime_days__lte = forms.IntegerField(
        label=_('Lifetime of at most … days'),
        required=False,
        min_value=0,
        max_value=MAX_MARK,
    )
    fingerprint_sha256 = forms.CharField(
        label=_('SHA-256 fingerprint'),
        required=False,
    )
    fingerprint_sha1 = forms.CharField(
        label=_('SHA-1 fingerprint (thumbprint)'),
        required=False,
    )
    is_ca = yes_no_any(_('CA certificate'))
    chain_ends_first = yes_no_any(_('Chain expires first'))
    valid_to__gte = DayField(
        label=_('Expires on or after'),
        required=False,
    )
    valid_to__lt = DayField(
        label=_('Expires before'),
        required=False,
    )


X509_FILTERS = (
    'subject_alt_name',
    'issuer',
    'serial_number',
    'fingerprint_sha256',
    'fingerprint_sha1',
    'key_algorithm',
    'key_size',
    'signature_algorithm',
    'lifetime_days__gt',
    'lifetime_days__lte',
    'is_ca',
    'chain_ends_first',
)
