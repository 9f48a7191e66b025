"""Related objects in requests and responses: only those that the user may view."""

from netbox_ssl.models.visibility import is_visible
from netbox_ssl.netbox_internals import get_related_object_by_attrs

__all__ = ('VisibleWhenNestedMixin',)


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
        visible = self.Meta.model.objects.restrict(request.user, 'view')
        return get_related_object_by_attrs(visible, data, user=request.user)
