"""
Branches of netbox-branching. Within one, objects are in another schema, with a database alias of its own, which has to
be used wherever the plugin opens a transaction, locks, or writes SQL. Without netbox-branching it is the default alias.
"""

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction

from .netbox_internals import deserialize_object

__all__ = ('ReplayedMixin', 'atomic', 'connection', 'database', 'in_branch', 'register')

# They have no change log of their own, but belong to objects that are branched.
BRANCHED_TOO = {'netbox_ssl.issuance'}


def database() -> str:
    """Return the alias of the database in which certificates are read and written at this moment."""
    return router.db_for_write(apps.get_model('netbox_ssl', 'Certificate'))


def connection():
    """Return the connection to that database."""
    return connections[database()]


def atomic():
    """Return a transaction of that database, as a context manager."""
    return transaction.atomic(using=database())


def in_branch() -> bool:
    """Return whether a branch is active: what is done in it has not happened before it is merged."""
    return database() != DEFAULT_DB_ALIAS


def register() -> None:
    """Include issuances in branches, with their certificates, where netbox-branching is installed."""
    if 'netbox_branching' in settings.PLUGINS:
        from netbox_branching.utilities import register_branching_resolver

        register_branching_resolver(lambda model: True if model._meta.label_lower in BRANCHED_TOO else None)


class _Replayed:
    """What netbox-branching saves when it merges a creation: by the model's ``save()``, which Django's own bypasses."""

    def __init__(self, deserialized):
        self.object, self.m2m_data = deserialized.object, deserialized.m2m_data

    def save(self, using=None, **kwargs):
        self.object.save(using=using)
        for name, objects in (self.m2m_data or {}).items():
            getattr(self.object, name).set(objects)


class ReplayedMixin:
    """For models whose ``save()`` does more than store the object."""

    @classmethod
    def deserialize_object(cls, data, pk=None):
        """As NetBox's, but saved by ``save()``: netbox-branching calls this when it merges."""
        return _Replayed(deserialize_object(cls, data, pk=pk))
