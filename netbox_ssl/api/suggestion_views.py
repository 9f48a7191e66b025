"""``suggestions/``: suggested assignments, and ``POST`` to accept, dismiss and restore them."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from netbox.api.viewsets import NetBoxReadOnlyModelViewSet
from rest_framework.decorators import action
from rest_framework.response import Response

from netbox_ssl.filtersets import AssignmentSuggestionFilterSet
from netbox_ssl.models import AssignmentSuggestion
from netbox_ssl.places.acceptance import accept
from netbox_ssl.places.dismissal import dismiss, restore
from netbox_ssl.places.suggested_pairs import pair_of

from .permissions import AssignPermissions
from .suggestion_serializers import (
    AcceptedSerializer,
    AssignmentSuggestionSerializer,
    DismissedSerializer,
    RestoredSerializer,
    SuggestionIDsSerializer,
)

__all__ = ('AssignmentSuggestionViewSet',)


def decision(name: str, result):
    """Return the decorator of an endpoint that decides on suggestions, given by their IDs."""
    schema = extend_schema(
        operation_id=f'ssl_suggestions_{name}', request=SuggestionIDsSerializer, responses=result, filters=False
    )
    route = action(detail=False, methods=['post'], url_path=name, filterset_class=None, pagination_class=None)
    return lambda method: schema(route(method))


class AssignmentSuggestionViewSet(NetBoxReadOnlyModelViewSet):
    """
    Suggested assignments that the user may decide on. Without `dismissed`, both open and dismissed ones are listed.
    """

    queryset = AssignmentSuggestion.objects.with_places()
    serializer_class = AssignmentSuggestionSerializer
    filterset_class = AssignmentSuggestionFilterSet
    permission_classes = [AssignPermissions]

    def get_queryset(self):
        return super().get_queryset().applicable()

    # Suggestions have neither custom fields nor fields to choose.
    def get_serializer(self, *args, **kwargs):
        kwargs.setdefault('context', self.get_serializer_context())
        return self.get_serializer_class()(*args, **kwargs)

    @decision('accept', AcceptedSerializer)
    def accept(self, request):
        """Create the suggested assignments, each with an entry in the change log."""
        pairs, skipped = self._requested(request)
        result = accept(pairs, request.user)
        answer = {
            'assigned': result.assigned,
            'refused': [
                {
                    'certificate': each.certificate,
                    'assigned_object_type': each.assigned_object_type,
                    'assigned_object_id': each.assigned_object_id,
                    'messages': messages,
                }
                for each, messages in result.refused
            ],
            'skipped': skipped + result.gone,
        }
        return Response(AcceptedSerializer(answer, context=self.get_serializer_context()).data)

    @decision('dismiss', DismissedSerializer)
    def dismiss(self, request):
        """Stop suggesting these assignments, also after the next scan, until they are restored."""
        pairs, skipped = self._requested(request)
        dismissed = len(dismiss(pairs, request.user, timezone.now()))
        return Response({'dismissed': dismissed, 'skipped': skipped + len(pairs) - dismissed})

    @decision('restore', RestoredSerializer)
    def restore(self, request):
        """Suggest dismissed assignments again."""
        pairs, skipped = self._requested(request)
        restored = restore(pairs, request.user)
        return Response({'restored': restored, 'skipped': skipped + len(pairs) - restored})

    def _requested(self, request) -> tuple[list, int]:
        """Return the requested suggestions as pairs, and the number of those that the user may not decide on."""
        serializer = SuggestionIDsSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        ids = set(serializer.validated_data['ids'])
        found = AssignmentSuggestion.objects.restrict(request.user).filter(pk__in=ids).order_by('pk')
        pairs = [pair_of(each) for each in found]
        return pairs, len(ids) - len(pairs)
