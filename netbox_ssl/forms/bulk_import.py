from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from netbox.forms import PrimaryModelImportForm
from tenancy.models import Tenant
from utilities.forms.fields import CSVChoiceField, CSVModelChoiceField

from netbox_ssl.choices import ACMEChallengeTypeChoices, CertificateStatusChoices
from netbox_ssl.intake import read_single
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.x509 import FACT_FIELDS

from .fields import ACME_FIELDS, NamesField
from .mixins import FactsFromPEMMixin, PinDetectedFieldsMixin, PrivateKeyGuardMixin

__all__ = ('CertificateImportForm',)


class CertificateImportForm(
    PrivateKeyGuardMixin,
    FactsFromPEMMixin,
    PinDetectedFieldsMixin,
    PrimaryModelImportForm,
):
    """
    One record of NetBox's bulk import. A record with a ``pem`` and no ``id`` goes through the intake, so that it renews
    what it belongs to: :attr:`leaf` then holds the certificate, and :meth:`attributes` what else the record says.
    """

    status = CSVChoiceField(
        label=_('Status'),
        choices=CertificateStatusChoices,
        required=False,
    )
    tenant = CSVModelChoiceField(
        label=_('Tenant'),
        queryset=Tenant.objects.all(),
        required=False,
        to_field_name='name',
        help_text=_('Assigned tenant'),
    )
    acme_challenge_type = CSVChoiceField(
        label=_('Challenge type'),
        choices=ACMEChallengeTypeChoices,
        required=False,
    )
    subject_alt_names = NamesField(
        label=_('Subject alternative names'),
        required=False,
        help_text=_('Names separated by spaces, or by commas within double quotes'),
    )
    valid_from = forms.DateTimeField(
        label=_('Valid from'),
        required=False,
        help_text=_('Needed where there is no PEM'),
    )
    valid_to = forms.DateTimeField(
        label=_('Valid to'),
        required=False,
        help_text=_('Needed where there is no PEM'),
    )

    leaf = None

    class Meta:
        model = Certificate
        fields = (
            'name',
            'status',
            'tenant',
            'pem',
            'chain_pem',
            *ACME_FIELDS,
            *FACT_FIELDS,
            'description',
            'owner',
            'comments',
            'tags',
        )

    def _post_clean(self):
        if self.instance.pk or not self.cleaned_data.get('pem'):
            super()._post_clean()
            return
        # The intake validates, against the certificate that it finds.
        try:
            self.leaf = read_single(self.cleaned_data['pem'] + '\n' + self.cleaned_data.get('chain_pem', ''))
        except ValidationError as error:
            self.add_error(None, error)

    def attributes(self) -> dict:
        """Column → value for what the record gives, for ``intake.take_in()``. Empty cells say nothing."""
        given = {
            name: self.cleaned_data[name]
            for name in self.Meta.fields
            if name in self.cleaned_data and self.data.get(name) not in (None, '', [])
        }
        for name in ('pem', 'chain_pem'):
            given.pop(name, None)
        # NetBox has filled in the defaults of custom fields by now; a renewal must not reset the fields to them.
        custom_field_data = {
            field.name: self.instance.custom_field_data.get(field.name)
            for key, field in self.custom_fields.items()
            if self.data.get(key) not in (None, '', field.default)
        }
        return {**given, 'custom_field_data': custom_field_data} if custom_field_data else given
