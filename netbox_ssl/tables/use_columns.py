"""The columns *Used By* and *Sources* of certificates: how many there are, with a link to them."""

import django_tables2 as tables
from django.db.models import Count
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from netbox_ssl.models import CertificateAssignment, CertificateSource

from .page_columns import PageColumn

__all__ = ('CertificateUseMixin',)


class CountColumn(PageColumn):
    """Number of the objects of ``model`` that belong to a certificate and that the user may view."""

    def __init__(self, model, list_view: str, **kwargs):
        self.model, self.list_view = model, list_view
        super().__init__(orderable=False, empty_values=(), accessor='pk', **kwargs)

    def read(self, keys, user):
        objects = self.model.objects.all() if user is None else self.model.objects.restrict(user, 'view')
        # Constraints may join tables, and an object must not count twice.
        counted = objects.filter(certificate__in=keys).order_by().values('certificate')
        return dict(counted.annotate(number=Count('pk', distinct=True)).values_list('certificate', 'number'))

    def render(self, record, table):
        if not (number := self.found_for(record, table)):
            return table.default
        return format_html('<a href="{}?certificate_id={}">{}</a>', reverse(self.list_view), record.pk, number)

    def value(self, record, table):
        return self.found_for(record, table) or 0


class CertificateUseMixin(tables.Table):
    used_by = CountColumn(
        CertificateAssignment,
        'plugins:netbox_ssl:certificateassignment_list',
        verbose_name=_('Used By'),
    )
    source_count = CountColumn(
        CertificateSource,
        'plugins:netbox_ssl:certificatesource_list',
        verbose_name=_('Sources'),
    )
