"""Badges of tabs that count only what the user may view."""

from netbox_ssl.netbox_internals import current_request

__all__ = ('visible_count',)


def visible_count(queryset) -> int:
    """
    Return how many of ``queryset`` the user of the current request may view, 0 outside of a request. NetBox computes
    the badges of tabs without passing the user.
    """
    request = current_request.get()
    return queryset.restrict(request.user, 'view').count() if request else 0
