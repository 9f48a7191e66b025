"""
Updates the times that determine the state of a source (``mixins/source_states.py``), with two SQL statements: one for
reports, one for other changes. A third one updates whether a certificate is still reported.

Each first locks the sources in a separate statement. The second statement then sees what others committed during the
wait, so that no source stays behind unnoticed after a simultaneous report and renewal.
"""

from collections.abc import Iterable
from datetime import datetime

from django.apps import apps
from django.db import connections
from django.utils import timezone

from netbox_ssl.branching import database
from netbox_ssl.choices import CertificateStatusChoices, SourceKindChoices

from .mixins.source_moments import ALL_OLD
from .mixins.source_states import LEAST_SILENCE, SCALE_OF_BEHIND, SCALE_OF_SILENCE

__all__ = ('settle_certificate', 'settle_reported', 'settle_sources', 'stamp_reports')

# In the order of their keys, so that two lists of reports do not wait for each other
LOCK = """
    SELECT id, gone_since IS NOT NULL FROM netbox_ssl_certificatesource
    WHERE {which} ORDER BY id FOR NO KEY UPDATE
"""

# Whether an endpoint alternates: within its last answers, a previous X.509 certificate followed the current one. It is
# then behind until all of these answers are the current one. ``answers`` is the column, or its new value.
ALTERNATES = f'({{answers}} & ~({{answers}} >> 1) & {ALL_OLD >> 1}) <> 0'

# Values derived for ``reporting``, a source, from its ``issuance`` and its ``certificate``. A certificate without a
# fingerprint was entered by hand, so only the dates count. If the issuance was deleted, "behind" is not changed.
FACTS = """
    reporting.id,
    certificate.status = %(active)s AS is_active,
    issuance.valid_to,
    GREATEST((issuance.valid_to - issuance.valid_from) / %(scale_of_silence)s, %(least_silence)s) AS silence,
    (certificate.valid_to - certificate.valid_from) / %(scale_of_behind)s AS grace,
    COALESCE(
        CASE
            WHEN certificate.fingerprint_sha256 IS NULL THEN
                (issuance.valid_from, issuance.valid_to) < (certificate.valid_from, certificate.valid_to)
            ELSE issuance.fingerprint_sha256 <> certificate.fingerprint_sha256
        END,
        reporting.behind_since IS NOT NULL
    ) AS lacks
"""
BEHIND_SINCE = 'CASE WHEN found.behind THEN COALESCE(source.behind_since, found.since) END'

# A new source lacks a renewal since that is valid and known here. One that had it and falls back, since this report: it
# may only be a late one, so it has its time again, and each occurrence is a moment of its own, by which its
# announcement is known.
STAMP = f"""
    UPDATE netbox_ssl_certificatesource AS source SET
        issuance_id = found.issuance,
        issuance_since =
            COALESCE(CASE WHEN source.issuance_id = found.issuance THEN source.issuance_since END, %(now)s),
        reported_at = %(now)s,
        valid_to = found.valid_to,
        answers = found.answers,
        behind_since = {BEHIND_SINCE},
        behind_scaled_at = {BEHIND_SINCE} + found.grace,
        silent_scaled_at = %(now)s + found.silence,
        missed_since = NULL,
        gone_since = NULL,
        is_watched = found.is_active,
        -- One that alternates has expired once, not again with each previous one.
        expired_announced = source.expired_announced AND (
            found.alternates OR (source.issuance_id IS NOT DISTINCT FROM found.issuance AND found.valid_to < %(now)s)
        ),
        -- A source that had expired was not announced as behind as well; from now on it is.
        behind_announced = source.behind_announced AND found.behind
            AND NOT (source.valid_to < %(now)s AND found.valid_to >= %(now)s),
        silent_announced = false
    FROM (
        SELECT reported.*, answers, alternates, lacks OR alternates AS behind
        FROM (
            SELECT report.issuance, {FACTS},
                CASE
                    WHEN reporting.issuance_id IS NULL THEN
                        GREATEST(certificate.valid_from, COALESCE(renewal.created, %(now)s))
                    ELSE GREATEST(certificate.valid_from, %(now)s)
                END AS since,
                reporting.behind_since AS behind_before,
                CASE WHEN reporting.kind = %(served)s THEN (reporting.answers << 1) & {ALL_OLD} ELSE {ALL_OLD} END
                    AS earlier
            FROM unnest(%(sources)s::bigint[], %(issuances)s::bigint[]) AS report (source, issuance)
            JOIN netbox_ssl_certificatesource AS reporting ON reporting.id = report.source
            JOIN netbox_ssl_certificate AS certificate ON certificate.id = reporting.certificate_id
            JOIN netbox_ssl_issuance AS issuance ON issuance.id = report.issuance
            LEFT JOIN netbox_ssl_issuance AS renewal ON renewal.fingerprint_sha256 = certificate.fingerprint_sha256
        ) AS reported
        CROSS JOIN LATERAL (SELECT earlier | lacks::int AS answers) AS answered
        CROSS JOIN LATERAL (
            SELECT behind_before IS NOT NULL AND {ALTERNATES.format(answers='answers')} AS alternates
        ) AS judged
    ) AS found
    WHERE source.id = found.id
"""
# A source falls behind when NetBox sees the renewal, which may have been valid for days.
SETTLE = f"""
    UPDATE netbox_ssl_certificatesource AS source SET
        issuance_since = COALESCE(source.issuance_since, source.reported_at),
        valid_to = COALESCE(found.valid_to, source.valid_to),
        behind_since = {BEHIND_SINCE},
        behind_scaled_at = {BEHIND_SINCE} + found.grace,
        -- A sync that missed it may have postponed it (intake/sync.py).
        silent_scaled_at = COALESCE(source.silent_scaled_at, source.reported_at + found.silence),
        is_watched = found.is_watched,
        -- The answers before a renewal do not count.
        answers = CASE WHEN found.behind AND source.behind_since IS NULL THEN {ALL_OLD} ELSE source.answers END,
        behind_announced = source.behind_announced AND found.behind
    FROM (
        SELECT watched.*, lacks OR alternates AS behind,
            watched.is_active AND watched.gone_since IS NULL AND watched.known AS is_watched
        FROM (
            SELECT {FACTS}, GREATEST(certificate.valid_from, %(now)s) AS since, reporting.gone_since,
                reporting.behind_since IS NOT NULL AND {ALTERNATES.format(answers='reporting.answers')} AS alternates,
                reporting.reported_at IS NOT NULL AND COALESCE(issuance.valid_to, reporting.valid_to) IS NOT NULL
                    AS known
            FROM netbox_ssl_certificatesource AS reporting
            JOIN netbox_ssl_certificate AS certificate ON certificate.id = reporting.certificate_id
            LEFT JOIN netbox_ssl_issuance AS issuance ON issuance.id = reporting.issuance_id
            WHERE reporting.id = ANY(%(sources)s)
        ) AS watched
    ) AS found
    WHERE source.id = found.id AND (
        found.behind <> (source.behind_since IS NOT NULL)
        OR found.is_watched <> source.is_watched
        OR source.behind_scaled_at IS DISTINCT FROM {BEHIND_SINCE} + found.grace
        OR source.valid_to IS DISTINCT FROM COALESCE(found.valid_to, source.valid_to)
    )
"""

# A certificate is reported while it has a source that is not gone, or while the source of another certificate has its
# X.509 certificate.
REPORTED = """
    UPDATE netbox_ssl_certificate AS certificate SET
        unreported_since = CASE WHEN found.reported THEN NULL ELSE %(now)s END
    FROM (
        SELECT each.id, EXISTS (
            SELECT FROM netbox_ssl_certificatesource AS source
            WHERE source.certificate_id = each.id AND source.gone_since IS NULL
        ) OR EXISTS (
            SELECT FROM netbox_ssl_certificatesource AS source
            JOIN netbox_ssl_issuance AS issuance ON issuance.id = source.issuance_id
            WHERE issuance.certificate_id = each.id AND source.gone_since IS NULL
        ) AS reported
        FROM netbox_ssl_certificate AS each WHERE each.id = ANY(%(certificates)s)
    ) AS found
    WHERE certificate.id = found.id AND found.reported = (certificate.unreported_since IS NOT NULL)
"""


def stamp_reports(reports: list[tuple[int, int]], now: datetime | None = None) -> None:
    """
    Record reports, given as pairs of the ID of a source and the ID of an issuance.

    Takes one statement, and writes no change log, because hosts report daily, mostly without changes. Only a source
    that was gone and is back gets an entry.
    """
    if not reports:
        return
    sources, issuances = (list(column) for column in zip(*reports, strict=True))
    locked = _lock('id = ANY(%(keys)s)', database(), keys=sources)
    if gone := [pk for pk, is_gone in locked if is_gone]:
        for source in apps.get_model('netbox_ssl', 'CertificateSource').objects.filter(pk__in=gone):
            source.mark_back()
    _execute(STAMP, database(), sources=sources, issuances=issuances, now=now or timezone.now())


def settle_certificate(certificate_id: int, using: str | None = None, now: datetime | None = None) -> None:
    """
    Update the sources of a certificate after it was changed, for example renewed or retired.

    Args:
        using: alias of the database; by default the current one
        now: since when a source is behind that was not behind before; now by default
    """
    using = using or database()
    _settle([pk for pk, _ in _lock('certificate_id = %(key)s', using, key=certificate_id)], using, now)


def settle_sources(sources: Iterable[int], using: str | None = None, now: datetime | None = None) -> None:
    """Update sources (by ID) that were changed themselves, as ``settle_certificate()`` does."""
    using = using or database()
    _settle([pk for pk, _ in _lock('id = ANY(%(keys)s)', using, keys=list(sources))], using, now)


def settle_reported(certificates: Iterable[int], using: str | None = None, now: datetime | None = None) -> None:
    """
    Record since when no source reports these certificates (by ID), or that one does, after their sources were changed.
    """
    using = using or database()
    parameters = {'certificates': sorted(certificates), 'now': now or timezone.now()}
    with connections[using].cursor() as cursor:
        # In a separate statement, so that the next one sees what others committed during the wait
        cursor.execute(
            'SELECT FROM netbox_ssl_certificate WHERE id = ANY(%(certificates)s) ORDER BY id FOR NO KEY UPDATE',
            parameters,
        )
        cursor.execute(REPORTED, parameters)


def _settle(sources: list[int], using: str, now: datetime | None) -> None:
    if sources:
        _execute(SETTLE, using, sources=sources, now=now or timezone.now())


def _lock(which: str, using: str, **parameters) -> list[tuple[int, bool]]:
    """Lock sources until the end of the transaction. Return pairs of an ID, and whether it is gone."""
    with connections[using].cursor() as cursor:
        cursor.execute(LOCK.format(which=which), parameters)
        return cursor.fetchall()


def _execute(sql: str, using: str, **parameters) -> None:
    parameters |= {
        'active': CertificateStatusChoices.STATUS_ACTIVE,
        'served': SourceKindChoices.SERVED,
        'scale_of_behind': SCALE_OF_BEHIND,
        'scale_of_silence': SCALE_OF_SILENCE,
        'least_silence': LEAST_SILENCE,
    }
    with connections[using].cursor() as cursor:
        cursor.execute(sql, parameters)
