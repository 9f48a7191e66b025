"""Counts that tell nobody of objects outside of their permissions."""

from netbox_ssl.netbox_internals import current_request

__all__ = ('visible_count',)


def visible_count(queryset) -> int:
    """
    How many of ``queryset`` the user of the present request may view; 0 where there is no request. For the badges of
    tabs, which NetBox asks for without saying for whom.
    """
    request = current_request.get()
    return queryset.restrict(request.user, 'view').count() if request else 0
