"""Values of filters that are of the right type, but that the database cannot use."""

from django.db import DataError, transaction
from django.utils.translation import gettext_lazy as _
from django_filters import BooleanFilter, Filter, MultipleChoiceFilter
from netbox.filtersets import BaseFilterSet

from netbox_ssl.branching import connection, database

__all__ = ('CheckedFilterSet',)

# Lookups that can be for null
WITH_NULL = ('exact', 'in')
REGULAR_EXPRESSIONS = ('regex', 'iregex')
# Lookups whose value is true or false, whatever the field; NetBox 4.7.0 compares them with a value of the field.
BOOLEAN = ('empty', 'isnull')


class CheckedFilterSet(BaseFilterSet):
    """
    Refuse regular expressions that PostgreSQL cannot read, at their filter; and search for the text "null" where no
    lookup for null exists, such as in ``name__ic=null``.

    Only the filters that a request names are checked and applied. The fields of the hundreds of others, and queries for
    choices that nobody has made, take longer than the rest of a short list.
    """

    class Meta:
        abstract = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, each in list(self.filters.items()):
            if isinstance(each, MultipleChoiceFilter) and each.lookup_expr not in WITH_NULL:
                each.null_value = None
            if each.lookup_expr in BOOLEAN and not isinstance(each, BooleanFilter):
                self.filters[name] = self._bound(BooleanFilter(each.field_name, each.lookup_expr, exclude=each.exclude))

    def _bound(self, new: Filter) -> Filter:
        new.parent, new.model = self, self.queryset.model
        return new

    def get_form_class(self):
        """Return the form of the filters that are given."""
        fields = {name: each.field for name, each in self.filters.items() if self._is_given(name)}
        expressions = [name for name in fields if self.filters[name].lookup_expr in REGULAR_EXPRESSIONS]

        class CheckedForm(self._meta.form):
            def clean(self):
                cleaned = super().clean()
                for name in expressions:
                    if any(not _is_regular_expression(value) for value in self.cleaned_data.get(name) or ()):
                        self.add_error(name, _('Enter a regular expression of PostgreSQL.'))
                return cleaned

        return type('FilterForm', (CheckedForm,), fields)

    def _is_given(self, name: str) -> bool:
        """Return whether a value may be for this filter; the parameters of a range end in ``_min`` or ``_after``."""
        return name in self.data or any(
            parameter.startswith(f'{name}_') and not parameter.startswith(f'{name}__') for parameter in self.data
        )


def _is_regular_expression(text: str) -> bool:
    try:
        # A savepoint, because an error ends the transaction of the request
        with transaction.atomic(using=database()), connection().cursor() as cursor:
            cursor.execute("SELECT '' ~ %s", [text])
    except DataError:
        return False
    return True
