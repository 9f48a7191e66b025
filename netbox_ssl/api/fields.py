"""Serializer fields of several serializers."""

from datetime import UTC

from django.utils.timezone import is_aware
from rest_framework import serializers

from netbox_ssl.x509.moments import is_at_an_end

__all__ = ('MomentField',)


class MomentField(serializers.DateTimeField):
    """A time in NetBox's time zone; in UTC if it is so early or late that it may not exist there."""

    def enforce_timezone(self, value):
        if is_aware(value) and is_at_an_end(value):
            try:
                return value.astimezone(UTC)
            except OverflowError:
                self.fail('overflow')
        return super().enforce_timezone(value)
