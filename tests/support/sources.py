"""Sources as time has made them, without waiting for it."""

from datetime import timedelta

from django.db.models import F

from netbox_ssl.models import CertificateSource

__all__ = ('fell_behind_earlier',)


def fell_behind_earlier(by: timedelta) -> None:
    """Let NetBox have seen the renewal so much earlier, of all sources that lack one."""
    lacking = CertificateSource.objects.filter(behind_since__isnull=False)
    lacking.update(behind_since=F('behind_since') - by, behind_scaled_at=F('behind_scaled_at') - by)
