"""Custom fields that became required after an object was stored: reports cannot fill them in, and must not stop."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from extras.constants import CUSTOMFIELD_EMPTY_VALUES
from extras.models import CustomField

from netbox_ssl.netbox_internals import custom_fields_optional, per_request_cache

__all__ = ('accept_missing_custom_fields',)


@contextmanager
def accept_missing_custom_fields(instance, given: Collection[str] = ()) -> Iterator[None]:
    """
    Let ``instance`` pass validation although required custom fields are empty. NetBox requires them of every object
    that is saved, also of one that was stored before the field was required.

    Args:
        given: custom fields that the request sets; they are validated as usual
    """
    with per_request_cache():
        missing = {
            field.name
            for field in CustomField.objects.get_for_model(instance)
            if field.required
            and field.name not in given
            and instance.custom_field_data.get(field.name) in CUSTOMFIELD_EMPTY_VALUES
        }
        with custom_fields_optional(type(instance), missing):
            yield
