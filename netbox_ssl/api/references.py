"""References to other objects in a request, such as ``{"slug": "web"}``, with errors that name what to do."""

from functools import cached_property

from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from netbox.api.serializers import BaseModelSerializer
from rest_framework import serializers
from rest_framework.fields import get_error_detail

from netbox_ssl.netbox_internals import get_permission_for_model
from netbox_ssl.x509 import visible

__all__ = ('ExplainedReferencesMixin',)

# NetBox adds these to a serializer without declaring them as its fields.
UNDECLARED = {'add_tags': 'tags', 'remove_tags': 'tags'}
# Characters of a value, and objects, in a message
LONGEST_VALUE = 100
MOST_NAMED = 5


class ExplainedReferencesMixin:
    """
    Explain references to objects that do not exist, or that the user may not view, at the field with the reference.
    The message names the reference, and the permission to view such objects. It is the same in both cases, so that
    nothing hidden is revealed.
    """

    @cached_property
    def _found_references(self) -> dict:
        return {}

    def to_internal_value(self, data):
        if self.nested or not isinstance(data, dict):
            return super().to_internal_value(data)
        try:
            values = super().to_internal_value(data)
        except (serializers.ValidationError, DjangoValidationError) as error:
            detail = get_error_detail(error) if isinstance(error, DjangoValidationError) else error.detail
            # A list, or a dictionary by index: NetBox does not say in which of the fields that it adds the error is.
            if not isinstance(detail, dict) or any(isinstance(key, int) for key in detail):
                detail = {name: detail for name in UNDECLARED if name in data}
            raise serializers.ValidationError({**detail, **self._explain_references(data)}) from error
        except (TypeError, ValueError, OverflowError) as error:
            # NetBox passes the values of a reference to the database as they are.
            if not (malformed := self._explain_malformed(data)):
                raise
            raise serializers.ValidationError(malformed) from error
        # In these fields, NetBox also finds objects that the user may not view.
        if explained := self._explain_references({name: data[name] for name in UNDECLARED if name in data}):
            raise serializers.ValidationError(explained)
        return values

    def _explain_references(self, data: dict) -> dict[str, list[str]]:
        """Return field → messages for the references that cannot be resolved."""
        explained = {}
        for name, value in data.items():
            serializer = self.fields.get(UNDECLARED.get(name, name))
            many = isinstance(serializer, serializers.ListSerializer)
            serializer = serializer.child if many else serializer
            if not isinstance(serializer, BaseModelSerializer) or serializer.read_only:
                continue
            references = value if many and isinstance(value, list) else [value]
            model = serializer.Meta.model
            if unknown := [each for each in references if isinstance(each, dict) and not self._is_found(model, each)]:
                explained[name] = [_unknown(model, each) for each in unknown[:MOST_NAMED]]
        return explained

    def _explain_malformed(self, data: dict) -> dict[str, list[str]]:
        """Return field → messages for the references with values that no object can have."""
        explained = {}
        for name, value in data.items():
            serializer = self.fields.get(UNDECLARED.get(name, name))
            if not isinstance(getattr(serializer, 'child', serializer), BaseModelSerializer) or serializer.read_only:
                continue
            try:
                serializer.run_validation(value)
            except (TypeError, ValueError, OverflowError):
                explained[name] = [_('Refer to an object by its ID, or by fields with a single value each.')]
            except (serializers.ValidationError, DjangoValidationError) as error:
                explained[name] = get_error_detail(error) if isinstance(error, DjangoValidationError) else error.detail
        return explained

    def _is_found(self, model, reference: dict) -> bool:
        """
        Return whether the reference is resolved, or has another fault, which NetBox explains. Looked up once for all
        entries of a list, which mostly have the same.
        """
        key = model, repr(sorted(reference.items(), key=repr))
        if key not in self._found_references:
            self._found_references[key] = self._look_up(model, reference)
        return self._found_references[key]

    def _look_up(self, model, reference: dict) -> bool:
        # NetBox lets every user refer to an object by its ID alone; to ours, only those who may view it.
        by_id = list(reference) == ['id'] and model._meta.app_label != 'netbox_ssl'
        objects = model.objects.all() if by_id else model.objects.restrict(self.context['request'].user, 'view')
        fields = {field.name for field in model._meta.concrete_fields} | {'pk'}
        if not reference.keys() <= fields:
            return True
        try:
            return objects.filter(**reference).exists()
        except (TypeError, ValueError):
            return True


def _unknown(model, reference: dict) -> str:
    named = ', '.join(f'{name} “{visible(str(value), LONGEST_VALUE)}”' for name, value in reference.items())
    return _(
        'There is no {kind} with {reference}, or you do not have permission to view it. Create it, or add the '
        'permission {permission}.'
    ).format(
        kind=model._meta.verbose_name,
        reference=named,
        permission=get_permission_for_model(model, 'view'),
    )
