"""The system check of the migrations, before every command."""

from django.core.checks import Error, register

from .migration_state import explain_foreign_migrations, foreign_migrations

__all__ = ('check_migrations',)

FOREIGN_MIGRATIONS = 'netbox_ssl.E001'


# Not only on request: a worker must not start on tables that it does not know.
@register
def check_migrations(app_configs=None, **kwargs) -> list[Error]:
    """Return an error if the database was migrated by a newer version, or by the other plugin of this name."""
    if not (names := foreign_migrations()):
        return []
    message, hint = explain_foreign_migrations(names)
    return [Error(message, hint=hint, id=FOREIGN_MIGRATIONS)]
