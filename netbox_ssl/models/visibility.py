"""
Related objects that a user may not view, although the user may view the object that refers to them.

Sources and issuances have permissions of their own, and are shown without their certificate to users who may not view
it, as in NetBox's GraphQL API. ``restrict()``, which every page, list and endpoint calls, marks each object.
"""

from django.apps import apps
from django.db.models import Case, Exists, F, OuterRef, When
from utilities.querysets import RestrictedQuerySet

__all__ = ('RelatedVisibilityMixin', 'RelatedVisibilityQuerySet', 'is_visible', 'visible_value')


def _mark(path: str) -> str:
    """Return the name of the annotation for ``path``, a foreign key or several joined by ``__``."""
    return f'{path}_is_visible'


def is_visible(instance, path: str) -> bool:
    """
    Return whether the user for whom ``instance`` was read may view the related object. An object that was not read for
    a user, for example by an event rule, may be shown with all related objects.
    """
    return getattr(instance, _mark(path), True)


def visible_value(queryset, path: str, column: str):
    """Return an expression for ``column`` of the related object; null where the user may not view that object."""
    value = F(f'{path}__{column}')
    mark = _mark(path)
    return Case(When(**{mark: True}, then=value)) if mark in queryset.query.annotations else value


class RelatedVisibilityQuerySet(RestrictedQuerySet):
    # Path of a related object → its model
    RELATED = {'certificate': 'netbox_ssl.Certificate'}

    def restrict(self, user, action='view'):
        """Restrict as usual, and mark which related objects ``user`` may view; see ``is_visible()``."""
        marks = {}
        for path, label in self.RELATED.items():
            model = apps.get_model(label)
            visible = model.objects.restrict(user, 'view')
            if visible.query.where:
                marks[_mark(path)] = Exists(visible.filter(pk=OuterRef(path)))
        return super().restrict(user, action).annotate(**marks)


class RelatedVisibilityMixin:
    """For models whose manager is a ``RelatedVisibilityQuerySet``."""

    @property
    def visible_certificate(self):
        """Return the certificate, or None if the user may not view it."""
        return self.certificate if is_visible(self, 'certificate') else None
