"""States that are not database columns, because they depend on the current time."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.tables import columns

__all__ = ('StateColumn',)


class StateColumn(columns.ChoiceFieldColumn):
    """
    The state of an object, sorted by the rule, the worst first.

    Args:
        severity: given the current time, returns the expression to sort by
        then: columns to sort by among equal states
    """

    def __init__(self, severity, then: tuple[str, ...], **kwargs):
        self.severity, self.then = severity, then
        super().__init__(accessor='get_state_display', verbose_name=_('State'), **kwargs)

    def order(self, queryset, is_descending):
        prefix = '-' if is_descending else ''
        queryset = queryset.alias(_severity=self.severity(timezone.now()))
        return queryset.order_by(f'{prefix}_severity', *self.then), True
