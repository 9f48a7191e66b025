"""System checks: of the sweep, run by ``netbox check --database default``; of the migrations, before every command."""

from django.core.checks import Error, Tags, Warning, register
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

from .migration_state import explain_foreign_migrations, foreign_migrations

__all__ = ('check_migrations', 'check_sweep')

LATE = 'netbox_ssl.W001'
FOREIGN_MIGRATIONS = 'netbox_ssl.E001'


# Not only on request: a worker must not start on tables that it does not know.
@register
def check_migrations(app_configs=None, **kwargs) -> list[Error]:
    """Return an error if the database was migrated by a newer version, or by the other plugin of this name."""
    if not (names := foreign_migrations()):
        return []
    message, hint = explain_foreign_migrations(names)
    return [Error(message, hint=hint, id=FOREIGN_MIGRATIONS)]


# Queries the database, so it is tagged as a check that Django runs only on request.
@register(Tags.database)
def check_sweep(app_configs=None, databases=None, **kwargs) -> list[Warning]:
    """Return a warning if there are active certificates and the sweep is late."""
    if not databases:
        return []
    from .announcements.sweep.state import last_sweep, sweep_is_late
    from .choices import CertificateStatusChoices
    from .models import Certificate

    try:
        with transaction.atomic():
            active = Certificate.objects.filter(status=CertificateStatusChoices.STATUS_ACTIVE)
            if not active.exists() or not sweep_is_late():
                return []
            last = last_sweep()
    except DatabaseError:
        # Not migrated yet
        return []
    when = _('last at {time:%Y-%m-%d %H:%M:%S %Z}').format(time=last) if last else _('never')
    return [
        Warning(
            _('The renewal sweep is late ({when}): renewals that become due and expiries are not announced.').format(
                when=when
            ),
            hint=_('Start `netbox rqworker high default low`, or run `netbox renewals_sweep` from cron.'),
            id=LATE,
        )
    ]
