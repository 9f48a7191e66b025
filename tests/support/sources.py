"""Sources whose state has changed with time, without waiting."""

from datetime import timedelta

from django.db.models import F

from netbox_ssl.models import CertificateSource

__all__ = ('fell_behind_earlier',)


def fell_behind_earlier(by: timedelta) -> None:
    """Move the time when NetBox saw the renewal back, for all sources without it."""
    lacking = CertificateSource.objects.filter(behind_since__isnull=False)
    lacking.update(behind_since=F('behind_since') - by, behind_scaled_at=F('behind_scaled_at') - by)
