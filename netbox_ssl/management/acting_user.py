"""The user on whose behalf a command imports."""

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from users.models import User

__all__ = ('acting_user',)


def acting_user(name: str | None) -> User:
    """Return the active user of this name; by default, the superuser that was created first."""
    users = User.objects.filter(is_active=True)
    if name:
        if user := users.filter(username=name).first():
            return user
        raise CommandError(_('There is no active user "{name}".').format(name=name))
    if user := users.filter(is_superuser=True).order_by('pk').first():
        return user
    raise CommandError(_('There is no active superuser. Name the user on whose behalf to import with --user NAME.'))
