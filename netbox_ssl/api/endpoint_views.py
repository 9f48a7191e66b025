"""``POST endpoints/results/``: the results of a monitor. ``GET endpoints/proposals/``: endpoints to add."""

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiResponse, extend_schema
from netbox.api.fields import ContentTypeField
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from rest_framework.settings import api_settings

from netbox_ssl.branching import atomic
from netbox_ssl.choices import EndpointResultChoices, STARTTLSChoices
from netbox_ssl.intake import Refusal
from netbox_ssl.intake.endpoint_results import CheckResult, take_results
from netbox_ssl.models.endpoints import MAX_PORT
from netbox_ssl.netbox_internals import discard_events_on_rollback, resolve_bulk_error_status
from netbox_ssl.places.endpoint_proposals import find_proposals
from netbox_ssl.refusals import explain_by_field, is_about_permissions
from netbox_ssl.utilities import retried
from netbox_ssl.x509 import visible

from .fields import MomentField
from .guards import GuardedSerializerMixin, bounded_errors
from .permissions import AddOrChangePermissions

__all__ = ('EndpointProposalsMixin', 'EndpointResultsMixin')

MOST_RESULTS = 500
LONGEST_DETAIL = 500
# The name that the REST framework gives to errors of an entry that is not an object
NON_FIELD = api_settings.NON_FIELD_ERRORS_KEY


class CheckResultSerializer(GuardedSerializerMixin, serializers.Serializer):
    external_id = serializers.CharField(
        max_length=500,
        help_text=gettext_lazy('As in the report of the certificate, such as served:monitor-1:www.example.net:443'),
    )
    address = serializers.CharField(max_length=255)
    port = serializers.IntegerField(min_value=1, max_value=MAX_PORT)
    server_name = serializers.CharField(max_length=255, required=False, allow_blank=True, default='')
    starttls = serializers.ChoiceField(choices=STARTTLSChoices, required=False, allow_blank=True, default='')
    result = serializers.ChoiceField(choices=EndpointResultChoices)
    detail = serializers.CharField(required=False, allow_blank=True, default='')
    since = MomentField(
        required=False,
        allow_null=True,
        default=None,
        help_text=gettext_lazy('Since when the monitor has seen this result'),
    )
    checked_at = MomentField(
        required=False,
        allow_null=True,
        default=None,
        help_text=gettext_lazy('By default now'),
    )


class ResultsSerializer(GuardedSerializerMixin, serializers.Serializer):
    monitor = serializers.RegexField(
        r'^[^:/]+$',
        max_length=100,
        help_text=gettext_lazy('Name of the monitor: the second part of its external IDs'),
        error_messages={'invalid': gettext_lazy('The name of a monitor contains neither a colon nor a slash.')},
    )
    machine_id = serializers.CharField(required=False, allow_blank=True, max_length=64, default='')
    # Entries are validated one by one, because a bad one must not cost the others.
    results = serializers.ListField(child=serializers.JSONField(allow_null=True), max_length=MOST_RESULTS)

    searched_elsewhere = ('results',)


class RecordedResultSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    id = serializers.IntegerField(help_text=gettext_lazy('ID of the endpoint'))
    result = serializers.ChoiceField(choices=EndpointResultChoices)
    result_since = serializers.DateTimeField()


class RefusedResultSerializer(serializers.Serializer):
    index = serializers.IntegerField()
    errors = serializers.DictField(child=serializers.ListField(child=serializers.CharField()))


class ResultsAnswerSerializer(serializers.Serializer):
    results = RecordedResultSerializer(many=True)
    errors = RefusedResultSerializer(many=True)


class ResultsRequestSerializer(ResultsSerializer):
    """For the description of the endpoint only."""

    results = CheckResultSerializer(many=True)


class EndpointResultsMixin:
    """The endpoint of the view set of endpoints."""

    @extend_schema(
        operation_id='ssl_endpoints_results',
        request=ResultsRequestSerializer,
        responses={200: OpenApiResponse(ResultsAnswerSerializer, description='Recorded, and refused entries')},
        filters=False,
    )
    @action(
        detail=False,
        methods=['post'],
        url_path='results',
        url_name='results',
        permission_classes=[AddOrChangePermissions],
        filterset_class=None,
        pagination_class=None,
    )
    def results(self, request):
        """
        Report the results of the checks of a monitor, after the certificates that it saw. Each entry is recorded or
        refused by itself. Endpoints that are not in NetBox are added, if the user may add endpoints.
        """
        serializer = ResultsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        checks, errors, codes = _read(data['results'])
        found = retried(lambda: self._take(list(checks.values()), data['monitor'], data['machine_id']))
        recorded = []
        for index, outcome in zip(checks, found, strict=True):
            if isinstance(outcome, Refusal):
                errors[index] = {field or '__all__': texts for field, texts in explain_by_field(outcome.error).items()}
                codes.add(403 if is_about_permissions(outcome.error) else 400)
            else:
                recorded.append(
                    {
                        'index': index,
                        'id': outcome.pk,
                        'result': outcome.result,
                        'result_since': outcome.result_since,
                    }
                )
        refused = [{'index': index, 'errors': bounded_errors(errors[index])} for index in sorted(errors)]
        if refused and not recorded:
            detail = _('None of the results was recorded; see the errors.')
            return Response({'detail': detail, 'errors': refused}, status=resolve_bulk_error_status(codes))
        return Response(ResultsAnswerSerializer({'results': recorded, 'errors': refused}).data)

    def _take(self, checks: list[CheckResult], monitor: str, machine_id: str) -> list:
        with atomic(), discard_events_on_rollback(self):
            return take_results(checks, monitor, machine_id, self.request.user)


def _read(entries: list) -> tuple[dict[int, CheckResult], dict[int, dict], set[int]]:
    """Return index → check for the valid entries, index → errors for the others, and the HTTP status codes of these."""
    checks, errors = {}, {}
    for index, entry in enumerate(entries):
        serializer = CheckResultSerializer(data=entry)
        try:
            serializer.is_valid(raise_exception=True)
        except (serializers.ValidationError, DjangoValidationError) as error:
            found = as_serializer_error(error)
            errors[index] = {'__all__' if name == NON_FIELD else name: texts for name, texts in found.items()}
        else:
            values = serializer.validated_data
            detail = visible(' '.join(values['detail'].split()), LONGEST_DETAIL)
            checks[index] = CheckResult(**{**values, 'detail': detail})
    return checks, errors, {status.HTTP_400_BAD_REQUEST} if errors else set()


class EndpointProposalSerializer(serializers.Serializer):
    """In the form in which it can be posted to add the endpoint."""

    address = serializers.CharField()
    port = serializers.IntegerField()
    server_name = serializers.CharField(allow_blank=True)
    starttls = serializers.ChoiceField(choices=STARTTLSChoices, allow_blank=True)
    expected_certificate = serializers.IntegerField(source='assignment.certificate_id')
    assigned_object_type = ContentTypeField(source='assignment.assigned_object_type', read_only=True)
    assigned_object_id = serializers.IntegerField(source='assignment.assigned_object_id')


class EndpointProposalsMixin:
    """The endpoint of the view set of endpoints."""

    @extend_schema(
        operation_id='ssl_endpoints_proposals',
        responses={200: EndpointProposalSerializer(many=True)},
        filters=False,
    )
    @action(
        detail=False,
        url_path='proposals',
        url_name='proposals',
        filterset_class=None,
        pagination_class=None,
    )
    def proposals(self, request):
        """
        Return endpoints to add, for the application services and IP addresses that certificates are assigned to; at
        most 500. Post those that you accept to the list of endpoints.
        """
        return Response(EndpointProposalSerializer(find_proposals(request.user, MOST_RESULTS), many=True).data)
