"""
Branches of netbox-branching. Within a branch, objects are in a separate schema with its own database alias, which must
be used wherever the plugin opens a transaction, locks, or writes SQL. Without netbox-branching it is the default alias.
"""

from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections, router, transaction

from .netbox_internals import deserialize_object

__all__ = ('ReplayedMixin', 'atomic', 'connection', 'database', 'in_branch', 'register')

# Models without a change log of their own that belong to branched objects
BRANCHED_TOO = {'netbox_ssl.issuance'}


def database() -> str:
    """Return the alias of the database in which certificates are currently read and written."""
    return router.db_for_write(apps.get_model('netbox_ssl', 'Certificate'))


def connection():
    """Return the connection to that database."""
    return connections[database()]


def atomic():
    """Return a transaction of that database, as a context manager."""
    return transaction.atomic(using=database())


def in_branch() -> bool:
    """Return whether a branch is active. Changes in a branch take effect only when it is merged."""
    return database() != DEFAULT_DB_ALIAS


def register() -> None:
    """Include issuances in branches, with their certificates, where netbox-branching is installed."""
    if 'netbox_branching' in settings.PLUGINS:
        from netbox_branching.utilities import register_branching_resolver

        register_branching_resolver(lambda model: True if model._meta.label_lower in BRANCHED_TOO else None)


class _Replayed:
    """An object created in a merge of a branch, saved by the model's ``save()``, which Django's class bypasses."""

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
        """Return the object as NetBox does, but to be saved by ``save()``. netbox-branching calls this in a merge."""
        return _Replayed(deserialize_object(cls, data, pk=pk))
