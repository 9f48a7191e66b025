"""Assignments, issuances and sources in requests and responses."""

from django.contrib.contenttypes.models import ContentType
from drf_spectacular.utils import extend_schema_field
from netbox.api.fields import ContentTypeField
from netbox.api.gfk_fields import GFKSerializerField
from netbox.api.serializers import BaseModelSerializer, NetBoxModelSerializer
from rest_framework import serializers

from netbox_ssl.choices import (
    SourceKindChoices,
    SourceStateChoices,
)
from netbox_ssl.models import CertificateAssignment, CertificateSource, Issuance
from netbox_ssl.models.assignments import ASSIGNABLE
from netbox_ssl.models.mixins.x509 import FACT_FIELDS

from .certificate_serializers import CertificateListSerializer, CertificateSerializer
from .endpoint_serializers import EndpointSerializer
from .fields import MomentField
from .guards import GuardedSerializerMixin
from .references import ExplainedReferencesMixin
from .related_objects import AssignedObjectMixin, VisibleWhenNestedMixin

# NetBox looks up the serializers of all models here.
__all__ = (
    'CertificateAssignmentSerializer',
    'CertificateListSerializer',
    'CertificateSerializer',
    'CertificateSourceSerializer',
    'EndpointSerializer',
    'IssuanceSerializer',
)


class IssuanceSerializer(VisibleWhenNestedMixin, BaseModelSerializer):
    # Null if the user may not view it
    certificate = CertificateSerializer(nested=True, read_only=True, allow_null=True)
    valid_from = MomentField(read_only=True)
    valid_to = MomentField(read_only=True)
    is_current = serializers.BooleanField(read_only=True)
    lifetime_days = serializers.FloatField(read_only=True)
    chain_ends_first = serializers.BooleanField(read_only=True)
    # Negative if replaced after expiry, null if not replaced
    replaced_days_before_expiry = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Issuance
        fields = [
            'id',
            'url',
            'display_url',
            'display',
            'certificate',
            'is_current',
            'lifetime_days',
            'replaced_days_before_expiry',
            *FACT_FIELDS,
            'pem',
            'chain_pem',
            'chain_valid_to',
            'chain_ends_first',
            'created',
        ]
        brief_fields = ('id', 'url', 'display', 'serial_number', 'valid_from', 'valid_to')
        list_serializer_class = CertificateListSerializer


class CertificateSourceSerializer(GuardedSerializerMixin, ExplainedReferencesMixin, NetBoxModelSerializer):
    # Null in responses if the user may not view it
    certificate = CertificateSerializer(nested=True, allow_null=True)
    # A plain string, as in reports
    kind = serializers.ChoiceField(choices=SourceKindChoices, required=False, allow_blank=True)
    issuance = IssuanceSerializer(nested=True, read_only=True, allow_null=True)
    valid_to = MomentField(read_only=True, allow_null=True)
    # Plain strings, like renewal_status
    state = serializers.SerializerMethodField()
    state_since = serializers.DateTimeField(read_only=True, allow_null=True)
    place = serializers.CharField(read_only=True)
    is_unexpected = serializers.BooleanField(read_only=True)
    is_behind = serializers.BooleanField(read_only=True)
    is_silent = serializers.BooleanField(read_only=True)

    class Meta:
        model = CertificateSource
        fields = [
            'id',
            'url',
            'display_url',
            'display',
            'certificate',
            'external_id',
            'client',
            'kind',
            'machine_id',
            'place',
            'state',
            'state_since',
            'issuance',
            'issuance_since',
            'valid_to',
            'is_unexpected',
            'is_behind',
            'behind_since',
            'is_silent',
            'reported_at',
            'gone_since',
            'tags',
            'custom_fields',
            'created',
            'last_updated',
        ]
        brief_fields = ('id', 'url', 'display', 'external_id', 'client', 'state')
        list_serializer_class = CertificateListSerializer
        read_only_fields = ('reported_at', 'issuance_since', 'valid_to', 'behind_since', 'gone_since')

    @extend_schema_field(serializers.ChoiceField(choices=SourceStateChoices, allow_null=True))
    def get_state(self, obj) -> str | None:
        return obj.state


class CertificateAssignmentSerializer(
    AssignedObjectMixin, GuardedSerializerMixin, ExplainedReferencesMixin, NetBoxModelSerializer
):
    certificate = CertificateSerializer(nested=True)
    assigned_object_type = ContentTypeField(queryset=ContentType.objects.filter(ASSIGNABLE))
    assigned_object = GFKSerializerField(read_only=True)
    warnings = serializers.SerializerMethodField()

    class Meta:
        model = CertificateAssignment
        fields = [
            'id',
            'url',
            'display_url',
            'display',
            'certificate',
            'assigned_object_type',
            'assigned_object_id',
            'assigned_object',
            'primary',
            'note',
            'warnings',
            'tags',
            'custom_fields',
            'created',
            'last_updated',
        ]
        brief_fields = ('id', 'url', 'display', 'certificate', 'primary', 'note')
        list_serializer_class = CertificateListSerializer

    def get_warnings(self, obj) -> list[str]:
        return obj.get_warnings()
