"""``POST certificates/detect/``: repeat the ACME detection on existing certificates."""

from django.http import QueryDict
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response

from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.intake.redetection import Redetection, redetect
from netbox_ssl.models import Certificate

from .detect_serializers import RedetectionResultSerializer, RedetectionSerializer
from .permissions import ChangePermissions

__all__ = ('DetectMixin',)

BACKGROUND = OpenApiParameter(
    'background', OpenApiTypes.BOOL, description='Return immediately and run the detection as a background job.'
)


class DetectMixin:
    """The endpoint of the view set of certificates."""

    @extend_schema(
        operation_id='ssl_certificates_detect',
        request=RedetectionSerializer,
        parameters=[BACKGROUND],
        responses={
            200: OpenApiResponse(
                RedetectionResultSerializer, description='The changes made, or in a dry run the changes to make'
            )
        },
        filters=False,
    )
    @action(
        detail=False,
        methods=['post'],
        url_path='detect',
        url_name='detect',
        permission_classes=[ChangePermissions],
        filterset_class=None,
        pagination_class=None,
    )
    def detect(self, request):
        """
        Repeat the detection of ACME and of the provider, for example after a provider was added to the settings. Fills
        in is_acme and acme_provider unless a person or a client has set them. Certificates that the user may not change
        are skipped and not counted.
        """
        serializer = RedetectionSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        data = serializer.validated_data
        queryset = _requested(data, request)
        if self._background_requested(request):
            return self._enqueue_bulk_job(request, 'detect', payload=request.data)
        result = redetect(queryset, request.user, dry_run=data['dry_run'], message=data.get('changelog_message', ''))
        answer = _represent(result, data['dry_run'])
        return Response(RedetectionResultSerializer(answer, context=self.get_serializer_context()).data)


def _requested(data: dict, request):
    queryset = Certificate.objects.all()
    if 'ids' in data:
        return queryset.filter(pk__in=data['ids'])
    filterset = CertificateFilterSet(_as_query(data['filter']), queryset, request=request)
    # An unknown filter would be ignored, so a typo would select all certificates.
    if unknown := sorted(data['filter'].keys() - filterset.filters.keys()):
        raise ValidationError({'filter': [_('Unknown filter: {name}.').format(name=name) for name in unknown]})
    if not filterset.is_valid():
        raise ValidationError({'filter': filterset.errors})
    return filterset.qs


def _as_query(filters: dict) -> QueryDict:
    query = QueryDict(mutable=True)
    for name, value in filters.items():
        values = value if isinstance(value, list) else [value]
        if any(isinstance(each, dict | list) for each in values):
            raise ValidationError({'filter': [_('{name}: must be a value or a list of values.').format(name=name)]})
        query.setlist(name, [_as_text(each) for each in values])
    return query


def _as_text(value) -> str:
    """Return a value as it would be written in a query string."""
    if value is None:
        return 'null'
    return str(value).lower() if isinstance(value, bool) else str(value)


def _represent(result: Redetection, dry_run: bool) -> dict:
    return {
        'dry_run': dry_run,
        'examined': result.examined,
        'changed': [
            {
                'certificate': proposal.certificate,
                'changes': [{'field': name, 'old': old, 'new': new} for name, (old, new) in proposal.changes.items()],
                'detection': proposal.detection.to_dict(),
            }
            for proposal in result.proposals
        ],
        'refused': [{'certificate': certificate, 'messages': messages} for certificate, messages in result.refused],
    }
