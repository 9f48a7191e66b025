"""Whether the migrations in the database are those of this version. Standard library and Django only."""

from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from django.utils.translation import gettext as _

__all__ = ('explain_foreign_migrations', 'foreign_migrations', 'known_migrations')

APP = 'netbox_ssl'
# A migration of netbox-ssl, the other plugin whose app has the same name
OTHER_PLUGIN = '0002_certificate_sans_gin_index'


@cache
def known_migrations() -> frozenset[str]:
    """Return the names of this version's migrations, and of those that they replace."""
    package = import_module(f'{APP}.migrations')
    names = set()
    for module in iter_modules(package.__path__):
        migration = import_module(f'{package.__name__}.{module.name}').Migration
        names |= {module.name, *(name for app, name in migration.replaces if app == APP)}
    return frozenset(names)


def foreign_migrations() -> list[str]:
    """
    Return the applied migrations of this app that this version does not have, sorted. Empty if the database cannot be
    read: NetBox then has other problems, and reports them itself.
    """
    # A connection of its own: processes that fork must not share one.
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    try:
        applied = {name for app, name in MigrationRecorder(connection).applied_migrations() if app == APP}
    except DatabaseError:
        return []
    finally:
        connection.close()
    return sorted(applied - known_migrations())


def explain_foreign_migrations(names: list[str]) -> tuple[str, str]:
    """Return what is wrong if the database has these migrations, and the remedy."""
    if OTHER_PLUGIN in names:
        return (
            _('The database has the tables of netbox-ssl, another plugin whose app has the same name.'),
            _('Export its data and remove its tables first: see the page “Coming from netbox-ssl”.'),
        )
    return (
        _('The database was migrated by a newer version of NetBox SSL ({names}).').format(names=', '.join(names)),
        _('Install that version again, or restore the backup from before the upgrade. There is no downgrade.'),
    )
