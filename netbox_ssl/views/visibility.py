"""Mixins for NetBox's generic views, which show the names of related objects to users who may not view them."""

from django.utils.translation import gettext as _
from utilities.forms import restrict_form_fields

__all__ = ('VisibleChoicesMixin', 'VisibleDependentsMixin')


class VisibleChoicesMixin:
    """For lists: the filter form, which names each object whose ID is in the URL, offers visible objects only."""

    def setup(self, request, *args, **kwargs):
        super().setup(request, *args, **kwargs)
        form_class = self.filterset_form

        def restricted(data):
            form = form_class(data)
            restrict_form_fields(form, request.user)
            for field in form.fields.values():
                # NetBox wraps the widget in one for modifiers such as “is not”, and keeps the choices it had.
                if hasattr(field, 'queryset') and (wrapped := getattr(field.widget, 'original_widget', None)):
                    wrapped.choices = field.choices
            return form

        self.filterset_form = restricted


class _Hidden:
    """Takes the place of an object that the user may not view."""

    def __str__(self):
        return _('You do not have permission to view this object.')


class VisibleDependentsMixin:
    """For deletions: the confirmation counts all dependent objects, and names only the visible ones."""

    def _get_dependent_objects(self, obj):
        return {
            model: self._named(model, instances) for model, instances in super()._get_dependent_objects(obj).items()
        }

    def _named(self, model, instances):
        # Types without object permissions, and those that NetBox only counts, are shown as they are.
        if not hasattr(model.objects, 'restrict') or not isinstance(instances, list):
            return instances
        visible = model.objects.restrict(self.request.user, 'view').filter(pk__in=[each.pk for each in instances])
        visible = set(visible.order_by().values_list('pk', flat=True))
        return [each if each.pk in visible else _Hidden() for each in instances]
