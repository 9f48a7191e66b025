"""The sources that report certificates (CertificateSource): which one reports, and what it and others have."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl.choices import CertificateStatusChoices, SourceKindChoices
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.mixins.source_states import live_q
from netbox_ssl.models.source_reports import settle_reported

from .custom_fields import accept_missing_custom_fields
from .renamed_hosts import former_sources
from .results import Item

__all__ = (
    'are_others_current',
    'changes',
    'has_other_sources',
    'has_reported',
    'is_current',
    'known_source',
    'new_source',
    'record_report',
    'reports',
    'require_source_permission',
)

ACTIVE = CertificateStatusChoices.STATUS_ACTIVE


def known_source(item: Item, user) -> CertificateSource | None:
    """
    Return the source with the external ID of ``item``, or with the former name of its host, with its certificate and
    issuance, or None.

    Raises PermissionDenied if ``user`` may not view its certificate, ValidationError if another machine reports under
    this external ID.
    """
    if not item.external_id:
        return None
    sources = CertificateSource.objects.select_related('certificate', 'issuance')
    source = sources.filter(external_id=item.external_id).first()
    source = source or former_sources([item]).get(item.external_id)
    if source is None:
        return None
    if not Certificate.objects.restrict(user, 'view').filter(pk=source.certificate_id).exists():
        raise PermissionDenied(
            _(
                'The external ID is in use by an object that you do not have permission to view. Choose another, or '
                'request permission.'
            )
        )
    if is_of_another_machine(item, source) and _is_live(source):
        raise ValidationError(
            {
                'external_id': _(
                    'Another machine reports under this external ID, last on {moment:%Y-%m-%d %H:%M} UTC. Give each '
                    'host a separate name: set NETBOX_ACME_SOURCE in the settings of its hook. If this host was '
                    'reinstalled, clear the machine ID of the certificate source, delete the source, or wait until it '
                    'is silent.'
                ).format(moment=source.reported_at or timezone.now())
            }
        )
    return source


def is_of_another_machine(item: Item, source: CertificateSource) -> bool:
    return bool(item.machine_id and source.machine_id) and item.machine_id != source.machine_id


def changes(item: Item, source: CertificateSource) -> bool:
    """Return whether the report changes the source itself."""
    given = {name: getattr(item, name) for name in ('external_id', 'client', 'kind', 'machine_id')}
    return any(value and value != getattr(source, name) for name, value in given.items())


#
# The X.509 certificates of a source and of others
#


def _is_live(source: CertificateSource) -> bool:
    return CertificateSource.objects.filter(live_q(timezone.now()), pk=source.pk).exists()


def has_reported(source: CertificateSource, item: Item) -> bool:
    """Return whether the last report of the source was this X.509 certificate."""
    return source.issuance is not None and source.issuance.fingerprint_sha256 == item.facts.fingerprint_sha256


def is_current(source: CertificateSource | None, certificate: Certificate) -> bool:
    """Return whether the source has the current X.509 certificate; one that has not reported yet counts as current."""
    if source is None or source.certificate_id != certificate.pk:
        return False
    return source.issuance is None or source.issuance.fingerprint_sha256 == certificate.fingerprint_sha256


def _others(source: CertificateSource | None, certificate: Certificate) -> QuerySet:
    others = CertificateSource.objects.filter(live_q(timezone.now()), certificate=certificate)
    return others.exclude(pk=source.pk) if source else others


def has_other_sources(source: CertificateSource | None, certificate: Certificate, kind: str | None = None) -> bool:
    """Return whether ``certificate`` has live sources (of this kind) other than ``source``."""
    others = _others(source, certificate)
    return (others.filter(kind=kind) if kind else others).exists()


def are_others_current(
    source: CertificateSource, certificate: Certificate, kind: str | None = SourceKindChoices.CLIENT
) -> bool:
    """Return whether another live source, by default a client, has the current X.509 certificate."""
    others = _others(source, certificate)
    current = others.filter(kind=kind) if kind else others
    return current.filter(issuance__fingerprint_sha256=certificate.fingerprint_sha256).exists()


#
# Reports
#


def record_report(item: Item, certificate: Certificate, source: CertificateSource | None, user) -> list[Certificate]:
    """
    Record that ``item`` was reported: create a source, move a source that reported another certificate before to
    ``certificate``, or only store the time, which has no entry in the change log.

    Returns:
        Active certificates that the source reported before, and that no source reports any more
    """
    if not item.external_id:
        return []
    issuance = Issuance.objects.get(fingerprint_sha256=item.facts.fingerprint_sha256)
    before = _certificates_of(source)
    if source is None:
        require_source_permission(user, 'add')
        source = new_source(item, certificate, user)
        source.full_clean()
        source.save()
        require_source_permission(user, 'add', source)
    elif source.certificate_id != certificate.pk or changes(item, source):
        require_source_permission(user, 'change', source)
        source.snapshot()
        source.certificate = certificate
        source.external_id = item.external_id
        source.client, source.kind = item.client or source.client, item.kind or source.kind
        source.machine_id = item.machine_id or source.machine_id
        with accept_missing_custom_fields(source):
            source.full_clean()
        source.save()
        require_source_permission(user, 'change', source)
    elif not reports(user, source):
        # Otherwise anyone with an old PEM could make a silent host look alive.
        require_source_permission(user, 'change', source)
    source.stamp(issuance)
    if not (left := before - _certificates_of(source)):
        return []
    settle_reported(left)
    return list(Certificate.objects.filter(pk__in=left, unreported_since__isnull=False, status=ACTIVE).order_by('pk'))


def _certificates_of(source: CertificateSource | None) -> set[int]:
    """Return the certificate (ID) of the source, and the one to which its last X.509 certificate belongs."""
    if source is None:
        return set()
    return {source.certificate_id, *filter(None, [source.issuance and source.issuance.certificate_id])}


def reports(user, source: CertificateSource) -> bool:
    """Return whether the source was created by a report of ``user``, whose further reports need no permission."""
    return source.reporter_id is not None and source.reporter_id == user.pk


def new_source(item: Item, certificate: Certificate, user) -> CertificateSource:
    """Return a new, unsaved source that reports ``item`` for ``certificate`` on behalf of ``user``."""
    return CertificateSource(
        reporter=user,
        certificate=certificate,
        external_id=item.external_id,
        client=item.named_client,
        kind=item.source_kind,
        machine_id=item.machine_id,
        reported_at=timezone.now(),
    )


def require_source_permission(user, verb: str, source: CertificateSource | None = None) -> None:
    """Raise PermissionDenied unless ``user`` may ``verb`` sources, or the given one."""
    permitted = user.has_perm(f'netbox_ssl.{verb}_certificatesource')
    if permitted and source is not None:
        permitted = CertificateSource.objects.restrict(user, verb).filter(pk=source.pk).exists()
    if not permitted:
        raise PermissionDenied(
            _('Reporting with an external ID requires permission to add and change certificate sources.')
        )
