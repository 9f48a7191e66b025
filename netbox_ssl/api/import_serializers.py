"""What the import endpoint takes and answers."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from netbox_ssl.intake import Action
from netbox_ssl.models import Certificate

from .serializers import CertificateSerializer

__all__ = ('BriefImportResultSerializer', 'CertificateImportSerializer', 'ImportResultSerializer')


@extend_schema_field(OpenApiTypes.STR)
class PEMField(serializers.Field):
    """Text, or the bytes of an upload, in any encoding of certificates: the intake tells them apart."""

    default_error_messages = {
        'invalid': _('Give the certificate as text, PEM-encoded (BEGIN CERTIFICATE … END CERTIFICATE).')
    }

    def to_internal_value(self, data):
        if not isinstance(data, str | bytes):
            self.fail('invalid')
        return data


class CertificateImportSerializer(CertificateSerializer):
    """A PEM with any writable field of a Certificate. What is left out stays as it is."""

    pem = PEMField(
        required=True,
        help_text=_('The certificate, PEM-encoded; its chain may stand with it in any order'),
    )
    external_id = serializers.CharField(
        required=False,
        max_length=500,
        help_text=_('Stable name of what reports it, for instance certbot:host:lineage; kept as a certificate source'),
    )
    client = serializers.CharField(
        required=False,
        max_length=100,
        help_text=_('The reporting program; by default what stands before the first colon of external_id'),
    )
    certificate = serializers.PrimaryKeyRelatedField(
        queryset=Certificate.objects.none(),
        required=False,
        help_text=_('ID of the certificate that this renews; else it is found by itself'),
    )

    searched_elsewhere = ('pem',)

    class Meta(CertificateSerializer.Meta):
        fields = [*CertificateSerializer.Meta.fields, 'certificate', 'external_id', 'client']

    def __init__(self, *args, **kwargs):
        # No defaults for what the client left out: a renewal keeps all settings. (Without data, it is the OpenAPI
        # generator that asks, and partial would mean "nothing is required".)
        super().__init__(*args, partial='data' in kwargs, **kwargs)
        if request := self.context.get('request'):
            self.fields['certificate'].queryset = Certificate.objects.restrict(request.user, 'view')
        self.fields['chain_pem'].read_only = True

    def validate(self, data):
        # The facts are validated by the intake, against the certificate it finds.
        if 'pem' not in data:
            raise serializers.ValidationError(
                {'pem': _('Give the certificate, PEM-encoded (BEGIN CERTIFICATE … END CERTIFICATE).')}
            )
        return data


class EvidenceSerializer(serializers.Serializer):
    kind = serializers.CharField()
    text = serializers.CharField()


class DetectionSerializer(serializers.Serializer):
    """Who issued the certificate, whether over ACME, and how that was found."""

    provider = serializers.CharField(allow_blank=True)
    confidence = serializers.ChoiceField(choices=('certain', 'likely', 'possible', 'none'))
    is_acme = serializers.BooleanField()
    evidence = EvidenceSerializer(many=True)
    notices = serializers.ListField(child=serializers.CharField())
    directory_url = serializers.CharField(allow_blank=True)


class ImportResultSerializer(serializers.Serializer):
    action = serializers.ChoiceField(
        choices=(Action.CREATED, Action.RENEWED, Action.HISTORY, Action.UPDATED, Action.UNCHANGED)
    )
    certificate = CertificateSerializer()
    detection = DetectionSerializer()
    candidates = CertificateSerializer(
        many=True,
        nested=True,
        help_text=_('Certificates with the same names that this might renew, where there are several'),
    )
    warnings = serializers.ListField(child=serializers.CharField())


class BriefImportResultSerializer(ImportResultSerializer):
    """In lists: the certificate in short."""

    certificate = CertificateSerializer(nested=True)
