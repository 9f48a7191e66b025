from django.contrib.contenttypes.models import ContentType
from django.db.models import Manager
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from netbox.api.fields import ChoiceField, ContentTypeField
from netbox.api.gfk_fields import GFKSerializerField
from netbox.api.serializers import BaseModelSerializer, NetBoxModelSerializer, PrimaryModelSerializer
from rest_framework import serializers
from tenancy.api.serializers import TenantSerializer

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    RenewalStatusChoices,
    SourceKindChoices,
    SourceStateChoices,
    ValidityChoices,
)
from netbox_ssl.expiry.marks import sorted_marks
from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Issuance
from netbox_ssl.models.assignments import ASSIGNABLE
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.acme_settings import PINNABLE_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS
from netbox_ssl.models.mixins.source_states import FROM_BAD_TO_GOOD
from netbox_ssl.models.mixins.validation import refuse_contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.places.deployment import deployment_state, prefetch_deployment_states

from .fields import MomentField
from .guards import GuardedSerializerMixin
from .references import ExplainedReferencesMixin
from .related_objects import VisibleWhenNestedMixin

__all__ = (
    'CertificateAssignmentSerializer',
    'CertificateListSerializer',
    'CertificateSerializer',
    'CertificateSourceSerializer',
    'IssuanceSerializer',
)


# The renewal information of the CA (RFC 9773), and the times of its checks
ARI_FIELDS = [
    'ari_cert_id',
    'ari_window_start',
    'ari_window_end',
    'ari_explanation_url',
    'ari_last_checked',
    'ari_next_check',
    'ari_error',
]


class CertificateListSerializer(serializers.ListSerializer):
    """Rows that are certificates or have one. Reads the deployment states of all of them with one query."""

    def to_representation(self, data):
        rows = list(data.all() if isinstance(data, Manager) else data)
        request = self.context.get('request')
        certificates = [certificate for row in rows if (certificate := _certificate_of(row)) is not None]
        prefetch_deployment_states(certificates, request.user if request else None)
        return super().to_representation(rows)


def _certificate_of(row) -> Certificate | None:
    if isinstance(row, dict):
        return row.get('certificate')
    return row if isinstance(row, Certificate) else row.certificate


class CertificateSerializer(
    VisibleWhenNestedMixin, GuardedSerializerMixin, ExplainedReferencesMixin, PrimaryModelSerializer
):
    status = ChoiceField(choices=CertificateStatusChoices, required=False)
    tenant = TenantSerializer(nested=True, required=False, allow_null=True)
    # Read from the PEM; without one, clean() requires them.
    valid_from = MomentField(required=False)
    valid_to = MomentField(required=False)
    acme_challenge_type = serializers.ChoiceField(choices=ACMEChallengeTypeChoices, required=False, allow_blank=True)
    # A plain string, not {"value", "label"}, so that conditions of event rules can compare it
    renewal_status = serializers.SerializerMethodField()
    renewal_overdue = serializers.BooleanField(read_only=True)
    validity = serializers.SerializerMethodField()
    # Whole days, rounded down; negative after expiry
    days_left = serializers.IntegerField(read_only=True)
    # Based on the sources that the user may view
    deployment_state = serializers.SerializerMethodField()
    has_ari = serializers.BooleanField(read_only=True)
    chain_ends_first = serializers.BooleanField(read_only=True)
    # Null unless it has been renewed at least twice
    usual_renewal_days = serializers.FloatField(read_only=True, allow_null=True)

    class Meta:
        model = Certificate
        fields = [
            'id',
            'url',
            'display_url',
            'display',
            'name',
            'status',
            'tenant',
            'validity',
            'days_left',
            'renewal_status',
            'renewal_due_at',
            'renewal_overdue_at',
            'renewal_overdue',
            'deployment_state',
            'unreported_since',
            'usual_renewal_days',
            *FACT_FIELDS,
            'pem',
            'chain_pem',
            'chain_valid_to',
            'chain_ends_first',
            *ACME_FIELDS,
            'has_ari',
            *ARI_FIELDS,
            *EXPIRY_FIELDS,
            'description',
            'owner',
            'comments',
            'tags',
            'custom_fields',
            'created',
            'last_updated',
        ]
        read_only_fields = ['unreported_since', 'chain_valid_to', *ARI_FIELDS]
        brief_fields = (
            'id',
            'url',
            'display',
            'name',
            'validity',
            'days_left',
            'renewal_status',
            'deployment_state',
            'valid_to',
            'description',
        )
        list_serializer_class = CertificateListSerializer
        # Fields that Certificate.clean_fields() reads from the PEM or fills in
        model_clean_fields = (
            'name',
            *FACT_FIELDS,
            'pem',
            'chain_pem',
            'chain_valid_to',
            'lineage',
            *PINNABLE_FIELDS,
            'acme_pinned_fields',
            'acme_last_renewed',
            *Certificate.ARI_OF_PEM,
        )

    @extend_schema_field(serializers.ChoiceField(choices=RenewalStatusChoices, allow_null=True))
    def get_renewal_status(self, obj) -> str | None:
        return obj.renewal_status

    @extend_schema_field(serializers.ChoiceField(choices=ValidityChoices))
    def get_validity(self, obj) -> str:
        return obj.validity

    def validate_expiry_marks(self, value) -> list[int]:
        return sorted_marks(value)

    @extend_schema_field(serializers.ChoiceField(choices=FROM_BAD_TO_GOOD, allow_null=True))
    def get_deployment_state(self, obj) -> str | None:
        request = self.context.get('request')
        return deployment_state(obj, request.user if request else None)

    def validate(self, data):
        if self.nested:
            return super().validate(data)
        given = {name: data[name] for name in FACT_FIELDS if name in data}
        pinned = [name for name in PINNABLE_FIELDS if name in data]
        if self.instance is not None:
            self.instance.pin(pinned)
        else:
            data['acme_pinned_fields'] = sorted(pinned)
        data = super().validate(data)
        if data.get('pem') and given:
            # At this point "data" contains the facts of the PEM.
            refuse_contradicted_facts(given, Certificate(**{name: data[name] for name in FACT_FIELDS}))
        return data


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


NOT_SEEN = gettext_lazy('This object does not exist, or you do not have permission to view it.')


class CertificateAssignmentSerializer(GuardedSerializerMixin, ExplainedReferencesMixin, NetBoxModelSerializer):
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

    def validate(self, data):
        if not self.nested:
            self._refuse_unseen(data)
        return super().validate(data)

    def _refuse_unseen(self, data) -> None:
        """Refuse an object that the user may not view: NetBox accepts any ID, and the response shows the object."""
        user = self.context['request'].user
        if not {'assigned_object_type', 'assigned_object_id'} & data.keys():
            return
        object_type = data.get('assigned_object_type') or self.instance.assigned_object_type
        # Zero is an ID, too: one that no object has.
        object_id = data.get('assigned_object_id', getattr(self.instance, 'assigned_object_id', None))
        visible = object_type.model_class().objects.restrict(user, 'view')
        if not visible.filter(pk=object_id).exists():
            raise serializers.ValidationError({'assigned_object_id': NOT_SEEN})
