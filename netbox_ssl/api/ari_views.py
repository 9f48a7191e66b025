"""``POST certificates/{id}/check-ari/``: poll the CA for the renewal information of a certificate (RFC 9773)."""

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from netbox_ssl.ari.explanations import why_not_now
from netbox_ssl.ari.polling import check_now
from netbox_ssl.ari.window_moves import announce_moves
from netbox_ssl.models import Certificate

from .certificate_serializers import CertificateSerializer
from .permissions import ChangePermissions

__all__ = ('CheckARIMixin',)


class CheckARIMixin:
    """The endpoint of the view set of certificates."""

    @extend_schema(
        operation_id='ssl_certificates_check_ari',
        request=None,
        responses={
            200: OpenApiResponse(
                CertificateSerializer, description='The certificate; ari_error says why if the request failed'
            ),
            409: OpenApiResponse(description='This certificate is not polled; the response says why'),
            429: OpenApiResponse(description='The CA was polled less than a minute ago'),
        },
        filters=False,
    )
    @action(
        detail=True,
        methods=['post'],
        url_path='check-ari',
        url_name='check-ari',
        permission_classes=[ChangePermissions],
        filterset_class=None,
        pagination_class=None,
    )
    def check_ari(self, request, pk=None):
        """
        Request renewal information from the CA now and return the certificate. If the request failed, or the response
        could not be used, `ari_error` says why.
        """
        certificate = get_object_or_404(Certificate.objects.restrict(request.user, 'view'), pk=pk)
        if not request.user.has_perm('netbox_ssl.change_certificate', certificate):
            raise PermissionDenied
        reason, seconds = why_not_now(certificate)
        if reason:
            headers = {'Retry-After': str(seconds)} if seconds else {}
            return Response({'detail': reason}, status=429 if seconds else 409, headers=headers)
        outcome = check_now(certificate)
        announce_moves([certificate.pk])
        if outcome.checked_at is None:
            detail = outcome.error or _('Too many requests to this CA right now. Try again in a few minutes.')
            return Response({'detail': detail}, status=429, headers={'Retry-After': '300'})
        certificate.refresh_from_db()
        return Response(CertificateSerializer(certificate, context=self.get_serializer_context()).data)
