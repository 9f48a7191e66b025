"""Endpoints in requests and responses."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import Manager
from drf_spectacular.utils import extend_schema_field
from extras.api.customfields import CustomFieldListSerializer
from netbox.api.fields import ContentTypeField
from netbox.api.gfk_fields import GFKSerializerField
from netbox.api.serializers import PrimaryModelSerializer
from rest_framework import serializers

from netbox_ssl.choices import EndpointResultChoices, EndpointStateChoices, STARTTLSChoices
from netbox_ssl.models import Endpoint
from netbox_ssl.models.assignments import ASSIGNABLE
from netbox_ssl.places.deployment import prefetch_deployment_states

from .certificate_serializers import CertificateSerializer
from .cleaned_fields import CleanedFieldsMixin
from .fields import MomentField
from .guards import GuardedSerializerMixin
from .references import ExplainedReferencesMixin
from .related_objects import AssignedObjectMixin

__all__ = ('EndpointSerializer',)


class EndpointListSerializer(CustomFieldListSerializer):
    """Reads the deployment states of all certificates in a list with one query."""

    def to_representation(self, data):
        rows = list(data.all() if isinstance(data, Manager) else data)
        request = self.context.get('request')
        shown = [row.expected_certificate for row in rows] + [row.certificate for row in rows]
        prefetch_deployment_states(filter(None, shown), request.user if request else None)
        return super().to_representation(rows)


class EndpointSerializer(
    AssignedObjectMixin, GuardedSerializerMixin, ExplainedReferencesMixin, CleanedFieldsMixin, PrimaryModelSerializer
):
    # Plain strings, as in the results of checks
    starttls = serializers.ChoiceField(choices=STARTTLSChoices, required=False, allow_blank=True)
    # Null in responses if the user may not view it
    expected_certificate = CertificateSerializer(nested=True, required=False, allow_null=True)
    assigned_object_type = ContentTypeField(
        queryset=ContentType.objects.filter(ASSIGNABLE), required=False, allow_null=True
    )
    # Null if the user may not view it
    assigned_object = GFKSerializerField(read_only=True)
    # The certificate that was seen last
    certificate = CertificateSerializer(nested=True, read_only=True, allow_null=True, source='visible_certificate')
    external_id = serializers.CharField(read_only=True, allow_null=True)
    state = serializers.SerializerMethodField()
    state_since = serializers.DateTimeField(read_only=True, allow_null=True)
    result = serializers.SerializerMethodField()
    valid_to = MomentField(read_only=True, allow_null=True)
    days_left = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = Endpoint
        fields = [
            'id',
            'url',
            'display_url',
            'display',
            'address',
            'port',
            'server_name',
            'starttls',
            'ca_file',
            'interval',
            'monitor',
            'external_id',
            'expected_certificate',
            'assigned_object_type',
            'assigned_object_id',
            'assigned_object',
            'state',
            'state_since',
            'result',
            'result_detail',
            'result_since',
            'checked_at',
            'checked_by',
            'certificate',
            'valid_to',
            'days_left',
            'description',
            'owner',
            'comments',
            'tags',
            'custom_fields',
            'created',
            'last_updated',
        ]
        read_only_fields = ['result_detail', 'result_since', 'checked_at', 'checked_by']
        brief_fields = ('id', 'url', 'display', 'address', 'port', 'server_name', 'state', 'description')
        list_serializer_class = EndpointListSerializer
        # Stored in their canonical form
        model_clean_fields = ('address', 'server_name')

    @extend_schema_field(serializers.ChoiceField(choices=EndpointStateChoices))
    def get_state(self, obj) -> str:
        return obj.state

    @extend_schema_field(serializers.ChoiceField(choices=EndpointResultChoices, allow_null=True))
    def get_result(self, obj) -> str | None:
        return obj.result or None

    def to_representation(self, instance):
        shown = super().to_representation(instance)
        if instance.assigned_object is None:
            # Nor the type and the ID of an object that the user may not view
            shown |= {name: None for name in ('assigned_object_type', 'assigned_object_id') if name in shown}
        return shown
