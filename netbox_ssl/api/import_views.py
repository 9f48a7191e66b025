"""``POST certificates/import/``: the door for programs."""

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema
from netbox.api.authentication import TokenPermissions
from netbox.api.viewsets.mixins import discard_events_on_rollback
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from netbox_ssl import intake

from .import_serializers import CertificateImportSerializer, ImportResultSerializer

__all__ = ('ImportMixin',)


class ImportPermissions(TokenPermissions):
    """Adding or changing certificates will do: which of them is needed, the certificate itself decides."""

    def has_permission(self, request, view):
        if not request.user or not request.user.is_authenticated:
            return False
        if request.auth is not None and not self._verify_write_permission(request):
            return False
        return any(request.user.has_perm(f'netbox_ssl.{verb}_certificate') for verb in ('add', 'change'))


class ImportMixin:
    """The import endpoint of the certificates' view set."""

    @extend_schema(
        operation_id='ssl_certificates_import',
        request=CertificateImportSerializer,
        responses={
            200: OpenApiResponse(ImportResultSerializer, description='Renewed, updated, unchanged, or history'),
            201: OpenApiResponse(ImportResultSerializer, description='Created'),
        },
        filters=False,
    )
    @action(
        detail=False,
        methods=['post'],
        url_path='import',
        url_name='import',
        permission_classes=[ImportPermissions],
        filterset_class=None,
        pagination_class=None,
    )
    def import_certificates(self, request):
        """
        Import a certificate: it is recognised, and made, renewed, added to a history, or left alone, as the answer's
        "action" tells.
        """
        with transaction.atomic(), discard_events_on_rollback(self):
            result = self._import_one(request.data)
        code = status.HTTP_201_CREATED if result.action == intake.Action.CREATED else status.HTTP_200_OK
        return Response(self._represent(result), status=code)

    def _import_one(self, data) -> intake.Result:
        serializer = CertificateImportSerializer(data=data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        attributes = dict(serializer.validated_data)
        pem = attributes.pop('pem')
        certificate = attributes.pop('certificate', None)
        message = attributes.pop('changelog_message', '')
        try:
            return intake.take_in(intake.read_single(pem), self.request.user, attributes, certificate, message)
        except DjangoValidationError as error:
            raise ValidationError(as_serializer_error(error)) from error

    def _represent(self, result: intake.Result) -> dict:
        answer = {
            'action': result.action,
            'certificate': result.certificate,
            'detection': result.detection.to_dict(),
            'candidates': result.candidates,
            'warnings': result.warnings,
        }
        return ImportResultSerializer(answer, context=self.get_serializer_context()).data
