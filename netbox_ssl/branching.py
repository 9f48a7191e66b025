"""
Within a branch of netbox-branching, objects lie in another schema, reached by a database alias of its own. Wherever we
open a transaction, lock, or write SQL ourselves we have to use that. Without netbox-branching it is always the default.
"""

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction

from .netbox_internals import deserialize_object

__all__ = ('ReplayedMixin', 'atomic', 'connection', 'database', 'in_branch', 'register')

# No change log of their own, but they belong to objects that are branched.
BRANCHED_TOO = {'netbox_ssl.issuance'}


def database() -> str:
    """The alias under which certificates are read and written at this moment."""
    return router.db_for_write(apps.get_model('netbox_ssl', 'Certificate'))


def connection():
    """The connection to that."""
    return connections[database()]


def atomic():
    """A transaction of that."""
    return transaction.atomic(using=database())


def in_branch() -> bool:
    """Whether what is done now concerns a branch: nothing of it has happened before it is merged."""
    return database() != DEFAULT_DB_ALIAS


def register() -> None:
    """Have issuances branched with their certificates, where netbox-branching is installed."""
    if 'netbox_branching' in settings.PLUGINS:
        from netbox_branching.utilities import register_branching_resolver

        register_branching_resolver(lambda model: True if model._meta.label_lower in BRANCHED_TOO else None)


class _Replayed:
    """What netbox-branching saves when a creation is merged: by ``save()`` of the model, which Django's bypasses."""

    def __init__(self, deserialized):
        self.object, self.m2m_data = deserialized.object, deserialized.m2m_data

    def save(self, using=None, **kwargs):
        self.object.save(using=using)
        for name, objects in (self.m2m_data or {}).items():
            getattr(self.object, name).set(objects)


class ReplayedMixin:
    """For models whose ``save()`` does more than to store."""

    @classmethod
    def deserialize_object(cls, data, pk=None):
        """As NetBox's, but saved by ``save()``: netbox-branching asks for this when it merges."""
        return _Replayed(deserialize_object(cls, data, pk=pk))
