"""``POST sources/sync/``: the complete list of what a client has on a host."""

from dataclasses import asdict

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error

from netbox_ssl.branching import atomic
from netbox_ssl.intake.sync import Sync, sync_sources
from netbox_ssl.netbox_internals import discard_events_on_rollback
from netbox_ssl.utilities import retried

from .guards import GuardedSerializerMixin
from .permissions import ChangePermissions

__all__ = ('SyncMixin',)


class SyncSerializer(GuardedSerializerMixin, serializers.Serializer):
    scope = serializers.CharField(
        max_length=500,
        help_text=_('Start of the external IDs of this client on this host, such as certbot:web01.example.net:'),
    )
    external_ids = serializers.ListField(
        child=serializers.CharField(max_length=500),
        help_text=_('All external IDs that the client has there; empty if it has none'),
    )
    machine_id = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=64,
        help_text=_('As in the reports; sources of another machine are not affected'),
    )


class SyncResultSerializer(serializers.Serializer):
    present = serializers.IntegerField(help_text=_('Number of listed sources'))
    missing = serializers.ListField(
        child=serializers.CharField(),
        help_text=_('Sources that were not listed, but not for long enough to be gone'),
    )
    gone = serializers.ListField(
        child=serializers.CharField(),
        help_text=_('Sources that were not listed twice in a row, at least an hour apart'),
    )


class SyncMixin:
    """The endpoint of the view set of sources."""

    @extend_schema(
        operation_id='ssl_sources_sync',
        request=SyncSerializer,
        responses={200: OpenApiResponse(SyncResultSerializer, description='Listed, missing, and gone sources')},
        filters=False,
    )
    @action(
        detail=False,
        methods=['post'],
        url_path='sync',
        url_name='sync',
        permission_classes=[ChangePermissions],
        filterset_class=None,
        pagination_class=None,
    )
    def sync(self, request):
        """
        Send the complete list of what a client has on a host. A source that is missing from two lists in a row, at
        least an hour apart, is gone; it is back when it is listed or reports again. With a machine ID, this includes
        sources of this machine under a former name of the host.
        """
        serializer = SyncSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            outcome = retried(lambda: self._sync(serializer.validated_data))
        except DjangoValidationError as error:
            raise serializers.ValidationError(as_serializer_error(error)) from error
        return Response(SyncResultSerializer(asdict(outcome)).data)

    def _sync(self, data: dict) -> Sync:
        with atomic(), discard_events_on_rollback(self):
            return sync_sources(user=self.request.user, **data)
