"""Suggested assignments, and the requests and responses of the decisions on them."""

from django.utils.translation import gettext_lazy as _
from netbox.api.fields import ContentTypeField
from netbox.api.gfk_fields import GFKSerializerField
from rest_framework import serializers

from netbox_ssl.models import AssignmentSuggestion

from .certificate_serializers import CertificateListSerializer, CertificateSerializer
from .guards import GuardedSerializerMixin
from .serializers import CertificateAssignmentSerializer

__all__ = (
    'AcceptedSerializer',
    'AssignmentSuggestionSerializer',
    'DismissedSerializer',
    'RestoredSerializer',
    'SuggestionIDsSerializer',
)


class AssignmentSuggestionSerializer(serializers.ModelSerializer):
    """A certificate and an object with the same name. Read-only: a person or program accepts or dismisses it."""

    url = serializers.HyperlinkedIdentityField(view_name='plugins-api:netbox_ssl-api:assignmentsuggestion-detail')
    display = serializers.CharField(source='__str__', read_only=True)
    certificate = CertificateSerializer(nested=True, read_only=True)
    assigned_object_type = ContentTypeField(read_only=True)
    assigned_object = GFKSerializerField(read_only=True)

    class Meta:
        model = AssignmentSuggestion
        fields = (
            'id',
            'url',
            'display',
            'certificate',
            'assigned_object_type',
            'assigned_object_id',
            'assigned_object',
            'name',
            'dismissed_at',
        )
        list_serializer_class = CertificateListSerializer


class SuggestionIDsSerializer(GuardedSerializerMixin, serializers.Serializer):
    """The suggestions to decide on."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=2**63 - 1),
        allow_empty=False,
        help_text=_('IDs of suggestions'),
    )


class SkippingSerializer(serializers.Serializer):
    skipped = serializers.IntegerField(
        help_text=_('Suggestions that do not exist, no longer apply, or that the user may not view')
    )


class AcceptanceRefusalSerializer(serializers.Serializer):
    """An assignment that could not be created."""

    certificate = CertificateSerializer(nested=True)
    assigned_object_type = ContentTypeField(read_only=True)
    assigned_object_id = serializers.IntegerField()
    messages = serializers.ListField(child=serializers.CharField())

    class Meta:
        list_serializer_class = CertificateListSerializer


class AcceptedSerializer(SkippingSerializer):
    assigned = CertificateAssignmentSerializer(many=True, nested=True)
    refused = AcceptanceRefusalSerializer(many=True)


class DismissedSerializer(SkippingSerializer):
    dismissed = serializers.IntegerField(help_text=_('Suggestions that are no longer suggested'))


class RestoredSerializer(SkippingSerializer):
    restored = serializers.IntegerField(help_text=_('Suggestions that are suggested again'))
