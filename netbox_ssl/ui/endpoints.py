"""The panels of endpoints."""

from django.utils.translation import gettext_lazy as _
from netbox.ui import attrs, panels

__all__ = ('EndpointCheckPanel', 'EndpointPanel', 'EndpointsPanel')


class EndpointPanel(panels.ObjectAttributesPanel):
    address = attrs.TextAttr('address', copy_button=True)
    port = attrs.NumericAttr('port')
    server_name = attrs.TextAttr('server_name', label=_('Server name'))
    starttls = attrs.ChoiceAttr('starttls', label=_('STARTTLS'))
    monitor = attrs.TextAttr('monitor')
    interval = attrs.NumericAttr('interval', label=_('Interval (minutes)'))
    ca_file = attrs.TextAttr('ca_file', label=_('CA file'))
    assigned_object = attrs.RelatedObjectAttr('assigned_object', linkify=True, label=_('Served by'))
    description = attrs.TextAttr('description')


class EndpointCheckPanel(panels.ObjectAttributesPanel):
    title = _('Last Check')

    state = attrs.TemplatedAttr('state', template_name='netbox_ssl/attrs/endpoint_state.html')
    result_detail = attrs.TextAttr('result_detail', label=_('Detail'))
    certificate = attrs.RelatedObjectAttr('visible_certificate', linkify=True, label=_('Certificate'))
    expected_certificate = attrs.RelatedObjectAttr(
        'visible_expected_certificate', linkify=True, label=_('Expected certificate')
    )
    valid_to = attrs.DateTimeAttr('valid_to', label=_('Valid to'))
    days_left = attrs.NumericAttr('days_left', label=_('Days left'))
    checked_at = attrs.DateTimeAttr('checked_at', label=_('Last check'))
    checked_by = attrs.TextAttr('checked_by', label=_('Checked by'))
    source = attrs.RelatedObjectAttr('visible_source', linkify=True, label=_('Source'))
    external_id = attrs.TextAttr('external_id', label=_('External ID'), copy_button=True)


class EndpointsPanel(panels.ObjectsTablePanel):
    """The endpoints that should serve a certificate, or do serve it: who is affected if it is not renewed."""

    def __init__(self, **kwargs):
        super().__init__(
            'netbox_ssl.endpoint',
            filters={'certificate_id': lambda context: context['object'].pk},
            title=_('Endpoints'),
            **kwargs,
        )
