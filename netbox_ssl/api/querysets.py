"""Querysets of the REST API: built, annotated and filtered only where that is of use."""

from contextlib import contextmanager

__all__ = ('FrugalQuerysetMixin',)

# Parameters that choose a page, fields or a format, and select no objects
NO_FILTERS = frozenset({'limit', 'offset', 'start', 'fields', 'omit', 'brief', 'format'})


class FrugalQuerysetMixin:
    """
    Filter only if the request has filters, and annotate only what is read. For each request, NetBox builds the hundreds
    of filters and their form, also for one object by its ID and for the next page, and checks of permissions get a
    queryset of which they only use the model. Together, this takes longer than the rest of the request.
    """

    _is_checking = False

    def annotated(self, queryset):
        """Return the queryset with what responses show in addition to the columns."""
        return queryset

    def get_queryset(self):
        return self.queryset if self._is_checking else self.annotated(super().get_queryset())

    def filter_queryset(self, queryset):
        return super().filter_queryset(queryset) if self.request.query_params.keys() - NO_FILTERS else queryset

    def check_permissions(self, request):
        with self._checking():
            super().check_permissions(request)

    def check_object_permissions(self, request, obj):
        with self._checking():
            super().check_object_permissions(request, obj)

    @contextmanager
    def _checking(self):
        self._is_checking = True
        try:
            yield
        finally:
            self._is_checking = False
