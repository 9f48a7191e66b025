"""Data for NetBox's change log and event snapshots."""

import json
from collections.abc import Callable
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from utilities.serializers.json import Serializer

from netbox_ssl.models.plain_columns import PLAIN_TYPES, is_plain

__all__ = ('ChangeLogDataMixin',)

_ENCODER = DjangoJSONEncoder()
_SERIALIZER = Serializer()


class _Columns(NamedTuple):
    """The columns of a model that its change log contains."""

    # Those that are the same in JSON
    plain: list[models.Field]
    read_plain: Callable[[models.Model], tuple]
    others: list[models.Field]


@cache
def _columns(model: type[models.Model]) -> _Columns:
    fields = [field for field in model._meta.concrete_model._meta.local_fields if field.serialize]
    plain = [field for field in fields if is_plain(field)]
    others = [field for field in fields if not is_plain(field)]
    return _Columns(plain, attrgetter(*(field.attname for field in plain)), others)


class ChangeLogDataMixin(models.Model):
    """
    Return the same data as NetBox's ``serialize_object()``, which encodes each object as JSON and decodes it again: the
    most expensive part of an import (``tests/models/test_change_log_data.py`` compares the two).
    """

    class Meta:
        abstract = True

    def serialize_object(self, exclude=None):
        excluded = exclude or ()
        plain, read_plain, others = _columns(type(self))
        values = read_plain(self)
        if not PLAIN_TYPES.issuperset(map(type, values)):
            # Not valid yet, or lazily translated
            values = [_json_value(self, field) for field in plain]
        data = {field.name: value for field, value in zip(plain, values, strict=True)}
        data.update((field.name, _json_value(self, field)) for field in others)
        data['custom_fields'] = data.pop('custom_field_data')
        data['tags'] = sorted(tag.name for tag in getattr(self, '_tags', None) or self.tags.all())
        return {name: value for name, value in data.items() if name not in excluded}


def _json_value(instance: models.Model, field: models.Field):
    value = getattr(instance, field.attname)
    if type(value) in PLAIN_TYPES:
        return value
    if isinstance(value, datetime):
        return _ENCODER.default(value)
    # Lists as text, as Django encodes them
    value = _SERIALIZER._value_from_field(instance, field)
    return value if isinstance(value, str) else json.loads(_ENCODER.encode(value))
