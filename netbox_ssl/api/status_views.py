"""The state of the sweep, for monitoring: NetBox's own ``/api/status/`` cannot be extended by plugins."""

from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from netbox_ssl import __version__
from netbox_ssl.announcements.sweep.state import sweep_state
from netbox_ssl.netbox_internals import IsAuthenticatedOrLoginNotRequired

__all__ = ('StatusViewSet',)


class StatusViewSet(ViewSet):
    """When the last sweep for changes of renewal status ended, and whether the next sweep is late."""

    permission_classes = [IsAuthenticatedOrLoginNotRequired]

    @extend_schema(
        responses=inline_serializer(
            'NetBoxSSLStatus',
            {
                'version': serializers.CharField(),
                'last_sweep': serializers.DateTimeField(allow_null=True),
                'sweep_is_late': serializers.BooleanField(),
                'sweep_interval': serializers.IntegerField(help_text='Minutes between two sweeps'),
            },
        )
    )
    def list(self, request):
        state = sweep_state()
        answer = {
            'version': __version__,
            'last_sweep': state.last_sweep,
            'sweep_is_late': state.is_late,
            'sweep_interval': int(state.interval.total_seconds()) // 60,
        }
        return Response(answer)
