"""
What tells that something is wrong where a certificate is used: a source that is *behind* still reports an older X.509
certificate than its Certificate has, one that is *silent* reports nothing any more.

How long either may be so is a setting, so whether it is so depends on the moment. Stored is what does not: since when
an older X.509 certificate is reported (``behind_since``), kept by the two statements below wherever one of the two
sides changes. So every question is a range on an index, also for a million sources.
"""

from datetime import timedelta

from django.db import connections, models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from netbox_ssl import settings
from netbox_ssl.branching import database
from netbox_ssl.choices import CertificateStatusChoices

__all__ = (
    'BEHIND_UNTOLD',
    'SILENT_UNTOLD',
    'STATE_INDEXES',
    'SourceStatesMixin',
    'behind_q',
    'settle_behind',
    'silent_q',
    'stamp_reports',
)

# The conditions of the partial indexes that the sweep of the sources reads: it must ask in the very same words.
BEHIND_UNTOLD = Q(behind_since__isnull=False, behind_announced=False)
SILENT_UNTOLD = Q(reported_at__isnull=False, silent_announced=False)

STATE_INDEXES = (
    models.Index(fields=('behind_since', 'id'), condition=BEHIND_UNTOLD, name='netbox_ssl_source_behind'),
    models.Index(fields=('reported_at', 'id'), condition=SILENT_UNTOLD, name='netbox_ssl_source_silent'),
    # Lists
    models.Index(fields=('behind_since',), condition=Q(behind_since__isnull=False), name='netbox_ssl_source_behinds'),
    models.Index(fields=('reported_at',), name='netbox_ssl_source_reported'),
)

# Older in the order in which renewals count (intake/planning.py: _age_key). Nobody waits for a retired certificate.
IS_BEHIND = """
    COALESCE(
        (issuance.valid_from, issuance.valid_to, COALESCE(issuance.fingerprint_sha256, ''))
            < (certificate.valid_from, certificate.valid_to, COALESCE(certificate.fingerprint_sha256, ''))
        AND certificate.status = %(active)s,
        false
    ) AS behind
"""
SET_BEHIND = """
    behind_since = CASE WHEN found.behind THEN COALESCE(source.behind_since, found.since) END,
    behind_announced = source.behind_announced AND found.behind
"""
# Since the renewal; one that had it and falls back to an older one, since this report. It may only be a late one: so it
# has its time again, and each occurrence is a moment of its own, by which its announcement is known.
SINCE = """
    CASE WHEN before.fingerprint_sha256 = certificate.fingerprint_sha256 THEN %(now)s ELSE certificate.valid_from END
        AS since
"""
STAMP = f"""
    UPDATE netbox_ssl_certificatesource AS source
    SET issuance_id = found.issuance, reported_at = %(now)s, silent_announced = false, {SET_BEHIND}
    FROM (
        SELECT report.source, report.issuance, {IS_BEHIND}, {SINCE}
        FROM unnest(%(sources)s::bigint[], %(issuances)s::bigint[]) AS report (source, issuance)
        JOIN netbox_ssl_certificatesource AS reporting ON reporting.id = report.source
        JOIN netbox_ssl_certificate AS certificate ON certificate.id = reporting.certificate_id
        JOIN netbox_ssl_issuance AS issuance ON issuance.id = report.issuance
        LEFT JOIN netbox_ssl_issuance AS before ON before.id = reporting.issuance_id
    ) AS found
    WHERE source.id = found.source
"""
SETTLE = f"""
    UPDATE netbox_ssl_certificatesource AS source
    SET {SET_BEHIND}
    FROM (
        SELECT reporting.id, certificate.valid_from AS since, {IS_BEHIND}
        FROM netbox_ssl_certificatesource AS reporting
        JOIN netbox_ssl_certificate AS certificate ON certificate.id = reporting.certificate_id
        LEFT JOIN netbox_ssl_issuance AS issuance ON issuance.id = reporting.issuance_id
        WHERE reporting.certificate_id = %(certificate)s
    ) AS found
    WHERE source.id = found.id AND found.behind <> (source.behind_since IS NOT NULL)
"""


def stamp_reports(reports: list[tuple[int, int]], now=None) -> None:
    """
    Note that sources reported these X.509 certificates: pairs of the id of a source and that of an issuance. One
    statement for all, and no entry of the change log: hosts report daily, mostly nothing new.
    """
    if reports:
        sources, issuances = (list(column) for column in zip(*reports, strict=True))
        _execute(STAMP, None, sources=sources, issuances=issuances, now=now or timezone.now())


def settle_behind(certificate_id: int, using: str | None = None) -> None:
    """
    See to it that ``behind_since`` is right for the sources of a certificate that may have been renewed; in the
    database ``using``, if it is not the present one.
    """
    _execute(SETTLE, using, certificate=certificate_id)


def _execute(sql: str, using: str | None, **parameters) -> None:
    with connections[using or database()].cursor() as cursor:
        cursor.execute(sql, {'active': CertificateStatusChoices.STATUS_ACTIVE, **parameters})


def behind_until(now):
    """What is behind since then or longer counts as behind: a renewal takes its time to reach all hosts."""
    return now - timedelta(hours=settings.source_behind_hours())


def silent_until(now):
    """Who reported last before that is silent; None where nobody ever is."""
    days = settings.source_silent_days()
    return now - timedelta(days=days) if days else None


def behind_q(now, prefix: str = '') -> Q:
    """Sources that are behind. Python twin: ``is_behind_at``."""
    return Q((f'{prefix}behind_since__lte', behind_until(now)))


def silent_q(now, prefix: str = '') -> Q:
    """Sources that are silent. Python twin: ``is_silent_at``."""
    if (until := silent_until(now)) is None:
        return Q(pk__in=())
    active = CertificateStatusChoices.STATUS_ACTIVE
    return Q((f'{prefix}reported_at__lt', until), (f'{prefix}certificate__status', active))


class SourceStatesMixin(models.Model):
    behind_since = models.DateTimeField(
        verbose_name=_('behind since'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('Since when there is an X.509 certificate that it does not report'),
    )
    # Whether the state has been announced (announcements/sweep/sources.py)
    behind_announced = models.BooleanField(
        default=False,
        editable=False,
    )
    silent_announced = models.BooleanField(
        default=False,
        editable=False,
    )

    STATE_FIELDS = ('behind_since', 'behind_announced', 'silent_announced')

    class Meta:
        abstract = True

    def is_behind_at(self, now) -> bool:
        return self.behind_since is not None and self.behind_since <= behind_until(now)

    def is_silent_at(self, now) -> bool:
        until = silent_until(now)
        if until is None or self.reported_at is None or self.reported_at >= until:
            return False
        return self.certificate.status == CertificateStatusChoices.STATUS_ACTIVE

    @property
    def is_behind(self) -> bool:
        """Whether it still has an older X.509 certificate than its Certificate: not reloaded, or a stuck client."""
        return self.is_behind_at(timezone.now())

    @property
    def is_silent(self) -> bool:
        """Whether it has not reported for long: the host or its client may be gone."""
        return self.is_silent_at(timezone.now())
