"""``?ordering=`` by fields of certificates that are computed and therefore not columns."""

from django.utils import timezone
from rest_framework.filters import OrderingFilter

from netbox_ssl.acme.renewal import status_sql

__all__ = ('CertificateOrderingFilter',)

# Field → the column that it follows, as in the list of NetBox's pages
COLUMNS = {'validity': 'expires_at', 'days_left': 'valid_to', 'renewal_status': '_renewal_status'}


class CertificateOrderingFilter(OrderingFilter):
    """
    Order by columns, and also by ``validity`` (the earlier end of certificate and chain), ``days_left`` and
    ``renewal_status``. Django REST framework ignores the names of properties.
    """

    def get_default_valid_fields(self, queryset, view, context=None):
        return [*super().get_default_valid_fields(queryset, view, context), *((name, name) for name in COLUMNS)]

    def filter_queryset(self, request, queryset, view):
        ordering = self.get_ordering(request, queryset, view)
        if not ordering:
            return queryset
        columns = [term.replace(name, COLUMNS.get(name, name)) for term in ordering for name in [term.lstrip('-')]]
        if any(column.lstrip('-') == COLUMNS['renewal_status'] for column in columns):
            queryset = queryset.alias(_renewal_status=status_sql(timezone.now()))
        return queryset.order_by(*columns)
