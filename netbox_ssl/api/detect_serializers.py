"""Request and response of the detection endpoint."""

from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from .certificate_serializers import CertificateListSerializer, CertificateSerializer
from .guards import GuardedSerializerMixin
from .import_serializers import DetectionSerializer

__all__ = ('RedetectionResultSerializer', 'RedetectionSerializer')


class RedetectionSerializer(GuardedSerializerMixin, serializers.Serializer):
    """The certificates to check again: by their IDs, or by the filters of the list."""

    ids = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        allow_empty=False,
    )
    filter = serializers.DictField(
        required=False,
        help_text=_('Filters as in the query string of the list; an empty object means all certificates'),
    )
    dry_run = serializers.BooleanField(
        default=False,
        help_text=_('Only report what would change'),
    )
    changelog_message = serializers.CharField(
        required=False,
        max_length=200,
    )

    def validate(self, data):
        if ('ids' in data) == ('filter' in data):
            raise serializers.ValidationError(_('Send either "ids" or "filter".'))
        return data


@extend_schema_field(OpenApiTypes.ANY)
class ValueField(serializers.ReadOnlyField):
    """A boolean or text."""


class ChangeSerializer(serializers.Serializer):
    field = serializers.ChoiceField(choices=('is_acme', 'acme_provider'))
    old = ValueField()
    new = ValueField()


class ProposalSerializer(serializers.Serializer):
    """A certificate that was changed, or would be."""

    certificate = CertificateSerializer(nested=True)
    changes = ChangeSerializer(many=True)
    detection = DetectionSerializer()

    class Meta:
        list_serializer_class = CertificateListSerializer


class RedetectionRefusalSerializer(serializers.Serializer):
    """A certificate that could not be changed."""

    certificate = CertificateSerializer(nested=True)
    messages = serializers.ListField(child=serializers.CharField())

    class Meta:
        list_serializer_class = CertificateListSerializer


class RedetectionResultSerializer(serializers.Serializer):
    dry_run = serializers.BooleanField()
    examined = serializers.IntegerField(help_text=_('Requested certificates with a PEM that the user may change'))
    changed = ProposalSerializer(many=True)
    refused = RedetectionRefusalSerializer(many=True)
