"""Data for NetBox's change log and event snapshots."""

import json
from datetime import datetime

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from utilities.serializers.json import Serializer

__all__ = ('ChangeLogDataMixin',)

_ENCODER = DjangoJSONEncoder()
_SERIALIZER = Serializer()
# Types whose values are the same in JSON
_PLAIN = (str, int, bool, float, type(None))


class ChangeLogDataMixin(models.Model):
    """
    Return the same data as NetBox's ``serialize_object()``, which encodes each object as JSON and decodes it again: the
    most expensive part of an import (``tests/models/test_change_log_data.py`` compares the two).
    """

    class Meta:
        abstract = True

    def serialize_object(self, exclude=None):
        excluded = exclude or ()
        data = {
            field.name: _json_value(self, field)
            for field in self._meta.concrete_model._meta.local_fields
            if field.serialize
        }
        data['custom_fields'] = data.pop('custom_field_data')
        data['tags'] = sorted(tag.name for tag in getattr(self, '_tags', None) or self.tags.all())
        return {name: value for name, value in data.items() if name not in excluded}


def _json_value(instance: models.Model, field: models.Field):
    value = getattr(instance, field.attname)
    if type(value) in _PLAIN:
        return value
    if isinstance(value, datetime):
        return _ENCODER.default(value)
    # JSON fields as text, as Django encodes them
    return json.loads(_ENCODER.encode(_SERIALIZER._value_from_field(instance, field)))
