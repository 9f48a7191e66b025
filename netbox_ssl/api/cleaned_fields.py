"""What ``full_clean()`` reads from a PEM or normalizes reaches the database with every NetBox 4.7."""

from netbox_ssl.netbox_internals import WRITES_CLEANED_FIELDS

__all__ = ('CleanedFieldsMixin',)


class CleanedFieldsMixin:
    """
    Write the fields of ``Meta.model_clean_fields`` into the validated data. NetBox 4.7.0 does not; later versions do.
    Goes before NetBox's serializer.
    """

    def validate(self, data):
        data = super().validate(data)
        if self.nested or WRITES_CLEANED_FIELDS:
            return data
        instance = self.instance or self._cleaned(data)
        return data | {name: getattr(instance, name) for name in self.Meta.model_clean_fields}

    def _cleaned(self, data):
        """Return the new object, validated again: NetBox does not return the one that it has validated."""
        options = self.Meta.model._meta
        related = {field.name for field in (*options.local_many_to_many, *options.related_objects)}
        instance = self.Meta.model(**{name: value for name, value in data.items() if name not in related})
        instance._m2m_values = {name: value for name, value in data.items() if name in related}
        instance.full_clean(validate_unique=False)
        return instance
