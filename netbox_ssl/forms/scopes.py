"""The form that narrows the overview to the certificates of some tenants, tags or sites."""

from dcim.models import Site
from django import forms
from django.utils.translation import gettext_lazy as _
from tenancy.models import Tenant
from utilities.forms.fields import DynamicModelMultipleChoiceField, TagFilterField

from netbox_ssl.models import Certificate

__all__ = ('ScopeForm',)


class ScopeForm(forms.Form):
    """Some filters of the list of certificates, with the same names."""

    model = Certificate
    tenant_id = DynamicModelMultipleChoiceField(
        queryset=Tenant.objects.all(),
        required=False,
        label=_('Tenant'),
    )
    site_id = DynamicModelMultipleChoiceField(
        queryset=Site.objects.all(),
        required=False,
        label=_('Site'),
    )
    tag = TagFilterField(Certificate)
