"""The system check of the sweep, run by ``netbox check --database default``."""

from django.core.checks import Tags, Warning, register
from django.db import DatabaseError, transaction
from django.utils.translation import gettext as _

__all__ = ('LATE', 'check_sweep')

LATE = 'netbox_ssl.W001'


# Queries the database, so it is tagged as a check that Django runs only on request.
@register(Tags.database)
def check_sweep(app_configs=None, databases=None, **kwargs) -> list[Warning]:
    """Return a warning if there are active certificates and the sweep is late."""
    if not databases:
        return []
    from netbox_ssl.announcements.sweep.state import last_sweep, sweep_is_late
    from netbox_ssl.choices import CertificateStatusChoices
    from netbox_ssl.models import Certificate

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
