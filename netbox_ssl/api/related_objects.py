"""Related objects in requests and responses: only those that the user may view."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import serializers

from netbox_ssl.models.visibility import is_visible
from netbox_ssl.netbox_internals import get_related_object_by_attrs

__all__ = ('AssignedObjectMixin', 'VisibleWhenNestedMixin')

NOT_SEEN = gettext_lazy('This object does not exist, or you do not have permission to view it.')


class VisibleWhenNestedMixin:
    """
    For serializers of objects that others refer to. NetBox shows related objects to every user, and accepts any ID:
    here, one that the user may not view is null in a response, and does not exist in a request.
    """

    def get_attribute(self, instance):
        return super().get_attribute(instance) if is_visible(instance, self.source) else None

    def to_internal_value(self, data):
        request = self.context.get('request')
        if not self.nested or request is None:
            return super().to_internal_value(data)
        if isinstance(data, dict):
            self._refuse_paths(data)
        visible = self.Meta.model.objects.restrict(request.user, 'view')
        return get_related_object_by_attrs(visible, data, user=request.user)

    def _refuse_paths(self, reference: dict) -> None:
        """
        Raise a ValidationError unless the reference consists of values of the object's own columns. A path such as
        ``sources__reporter__password__startswith``, flat or nested, would reveal what the user may not view.
        """
        columns = self.Meta.model._meta.concrete_fields
        own = {'pk'} | {name for field in columns for name in (field.name, field.attname)}
        if not reference.keys() <= own or any(isinstance(value, dict | list) for value in reference.values()):
            raise serializers.ValidationError(_('Refer to an object by its ID, or by values of its own fields.'))


class AssignedObjectMixin:
    """Refuse an object that the user may not view: NetBox accepts any ID, and the response shows the object."""

    def validate(self, data):
        if not self.nested:
            self._refuse_unseen(data)
        return super().validate(data)

    def _refuse_unseen(self, data) -> None:
        user = self.context['request'].user
        if not {'assigned_object_type', 'assigned_object_id'} & data.keys():
            return
        object_type = data.get('assigned_object_type', getattr(self.instance, 'assigned_object_type', None))
        # Zero is an ID, too: one that no object has.
        object_id = data.get('assigned_object_id', getattr(self.instance, 'assigned_object_id', None))
        if object_type is None or object_id is None:
            # The model says whether both are required.
            return
        visible = object_type.model_class().objects.restrict(user, 'view')
        if not visible.filter(pk=object_id).exists():
            raise serializers.ValidationError({'assigned_object_id': NOT_SEEN})
