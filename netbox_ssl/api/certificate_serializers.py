"""Certificates in requests and responses."""

from django.db.models import Manager
from drf_spectacular.utils import extend_schema_field
from extras.api.customfields import CustomFieldListSerializer
from netbox.api.fields import ChoiceField
from netbox.api.serializers import PrimaryModelSerializer
from rest_framework import serializers
from tenancy.api.serializers import TenantSerializer

from netbox_ssl.choices import (
    ACMEChallengeTypeChoices,
    CertificateStatusChoices,
    RenewalStatusChoices,
    ValidityChoices,
)
from netbox_ssl.expiry.marks import listed_marks
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from netbox_ssl.models.mixins.acme_settings import PINNABLE_FIELDS
from netbox_ssl.models.mixins.expiry import EXPIRY_FIELDS
from netbox_ssl.models.mixins.source_states import FROM_BAD_TO_GOOD
from netbox_ssl.models.mixins.validation import refuse_contradicted_facts
from netbox_ssl.models.mixins.x509 import FACT_FIELDS
from netbox_ssl.places.deployment import deployment_state, prefetch_deployment_states

from .cleaned_fields import CleanedFieldsMixin
from .fields import MomentField
from .guards import GuardedSerializerMixin
from .references import ExplainedReferencesMixin
from .related_objects import VisibleWhenNestedMixin

__all__ = ('CertificateListSerializer', 'CertificateSerializer')


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


class CertificateListSerializer(CustomFieldListSerializer):
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
    VisibleWhenNestedMixin,
    GuardedSerializerMixin,
    ExplainedReferencesMixin,
    CleanedFieldsMixin,
    PrimaryModelSerializer,
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
        return listed_marks(value)

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
