"""Request and response of the import endpoint."""

from collections.abc import Collection

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate

from .certificate_serializers import CertificateListSerializer, CertificateSerializer

__all__ = ('BriefImportResultSerializer', 'CertificateImportSerializer', 'ImportResultSerializer')


@extend_schema_field(OpenApiTypes.STR)
class PEMField(serializers.Field):
    """Text, or the bytes of an upload, in any encoding of certificates; the intake detects the encoding."""

    default_error_messages = {'invalid': _('Send the certificate as PEM text (BEGIN CERTIFICATE … END CERTIFICATE).')}

    def to_internal_value(self, data):
        if not isinstance(data, str | bytes):
            self.fail('invalid')
        return data


class CertificateImportSerializer(CertificateSerializer):
    """A PEM, with any writable fields of a certificate. Omitted fields are not changed."""

    pem = PEMField(
        required=True,
        help_text=_('The certificate, PEM-encoded, optionally with its chain in any order'),
    )
    include_ca = serializers.BooleanField(
        required=False,
        help_text=_('Also store the CA certificates in the PEM as certificates of their own, not only in chains'),
    )
    external_id = serializers.CharField(
        required=False,
        max_length=500,
        help_text=_(
            'Stable identifier of the reporting source, e.g. certbot:host:lineage; stored as a certificate source'
        ),
    )
    client = serializers.CharField(
        required=False,
        max_length=100,
        help_text=_('The reporting client; defaults to the part of external_id before the first colon'),
    )
    kind = serializers.ChoiceField(
        required=False,
        choices=SourceKindChoices,
        help_text=_('Meaning of the report; by default it follows from the client'),
    )
    machine_id = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text=_('Identifies the reporting machine, for example by a hash of /etc/machine-id'),
    )
    certificate = serializers.PrimaryKeyRelatedField(
        queryset=Certificate.objects.none(),
        required=False,
        allow_null=True,
        help_text=_(
            'ID of the certificate that this one renews, or null if it renews none. Found automatically if omitted'
        ),
    )

    searched_elsewhere = ('pem',)
    # Names of the fields in the entry that is validated, if it is an object in JSON
    _given = None
    # Names of the fields in all entries of a list; the others need not be made
    _of_a_list = None

    class Meta(CertificateSerializer.Meta):
        fields = [
            *CertificateSerializer.Meta.fields,
            'include_ca',
            'certificate',
            'external_id',
            'client',
            'kind',
            'machine_id',
        ]

    def __init__(self, *args, of_a_list: Collection[str] | None = None, **kwargs):
        self._of_a_list = of_a_list
        # Partial, so that omitted fields get no defaults and a renewal keeps all settings. Not for the OpenAPI
        # generator, which passes no data: it would show all fields as optional.
        super().__init__(*args, partial='data' in kwargs, **kwargs)
        if (request := self.context.get('request')) and 'certificate' in self.fields:
            self.fields['certificate'].queryset = Certificate.objects.restrict(request.user, 'view')
        if 'chain_pem' in self.fields:
            self.fields['chain_pem'].read_only = True

    def get_field_names(self, declared_fields, info):
        names = super().get_field_names(declared_fields, info)
        if self._of_a_list is None:
            return names
        # The PEM is required in each entry, and "add_tags" refers to the tags.
        wanted = {*self._of_a_list, 'pem', 'tags'}
        return [name for name in names if name in wanted]

    def to_internal_value(self, data):
        # In a form, the name of a list is not a key.
        self._given = list(data) if type(data) is dict else None
        return super().to_internal_value(data)

    @property
    def _writable_fields(self):
        """Only the given fields: passing over the others, one by one, would take most of the time for an entry."""
        if self._given is None:
            return super()._writable_fields
        return [field for name in self._given if (field := self.fields.get(name)) and not field.read_only]

    def run_validators(self, value):
        # DRF collects the defaults of all fields for its validators, of which there are usually none.
        if self.validators:
            super().run_validators(value)

    def validate(self, data):
        # The intake validates the facts against the certificate that it finds.
        if 'pem' not in data:
            raise serializers.ValidationError(
                {'pem': _('Send the certificate as PEM (BEGIN CERTIFICATE … END CERTIFICATE).')}
            )
        return data


class EvidenceSerializer(serializers.Serializer):
    kind = serializers.CharField()
    text = serializers.CharField()


class DetectionSerializer(serializers.Serializer):
    """The issuer of the certificate, whether it was issued over ACME, and the evidence."""

    provider = serializers.CharField(allow_blank=True)
    confidence = serializers.ChoiceField(choices=('certain', 'likely', 'possible', 'none'))
    is_acme = serializers.BooleanField()
    evidence = EvidenceSerializer(many=True)
    notices = serializers.ListField(child=serializers.CharField())
    directory_url = serializers.CharField(allow_blank=True)

    def to_representation(self, instance):
        # ``Detection.to_dict()`` has exactly these fields, ready for JSON.
        return instance


class CandidateSerializer(CertificateSerializer):
    """A brief certificate, and why it might be the one that was renewed."""

    reason = serializers.CharField(read_only=True)

    class Meta(CertificateSerializer.Meta):
        fields = [*CertificateSerializer.Meta.brief_fields, 'reason']

    def to_representation(self, instance):
        return {**super().to_representation(instance.certificate), 'reason': str(instance.reason)}


class ImportResultSerializer(serializers.Serializer):
    action = serializers.ChoiceField(
        choices=(Action.CREATED, Action.RENEWED, Action.HISTORY, Action.UPDATED, Action.UNCHANGED)
    )
    certificate = CertificateSerializer()
    detection = DetectionSerializer()
    candidates = CandidateSerializer(
        many=True,
        help_text=_('Certificates that this one might renew, if that is uncertain'),
    )
    warnings = serializers.ListField(child=serializers.CharField())

    class Meta:
        list_serializer_class = CertificateListSerializer


class BriefImportResultSerializer(ImportResultSerializer):
    """The result for an entry of a list, with a brief certificate."""

    certificate = CertificateSerializer(nested=True)
