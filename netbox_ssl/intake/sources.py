"""Keeps what reports a certificate (CertificateSource) up to date with its reports."""

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl.models import Certificate, CertificateSource, Issuance

from .results import Item

__all__ = ('new_source', 'record_report', 'require_source_permission')


def record_report(item: Item, certificate: Certificate, source: CertificateSource | None, user) -> None:
    """
    Note that ``item`` was reported: a new source is made, one that reports another certificate than before moves to it,
    and else only its time is stamped, which is no entry of the change log.
    """
    if not item.external_id:
        return
    issuance = Issuance.objects.get(fingerprint_sha256=item.leaf.facts.fingerprint_sha256)
    if source is None:
        require_source_permission(user, 'add')
        source = new_source(item, certificate)
        source.full_clean()
        source.save()
        require_source_permission(user, 'add', source)
    elif source.certificate_id != certificate.pk or (item.client and source.client != item.client):
        require_source_permission(user, 'change', source)
        source.snapshot()
        source.certificate, source.client = certificate, item.client or source.client
        source.save()
    source.stamp(issuance)


def new_source(item: Item, certificate: Certificate) -> CertificateSource:
    """Unsaved. The client's name, where it is not given, is what stands before the first colon of the external ID."""
    client = item.client or (item.external_id.partition(':')[0] if ':' in item.external_id else '')
    return CertificateSource(
        certificate=certificate, external_id=item.external_id, client=client[:100], reported_at=timezone.now()
    )


def require_source_permission(user, verb: str, source: CertificateSource | None = None) -> None:
    """Raise PermissionDenied unless ``user`` may ``verb`` sources, or this very one."""
    permitted = user.has_perm(f'netbox_ssl.{verb}_certificatesource')
    if permitted and source is not None:
        permitted = CertificateSource.objects.restrict(user, verb).filter(pk=source.pk).exists()
    if not permitted:
        raise PermissionDenied(
            _('Reporting with an external ID requires permission to add and change certificate sources.')
        )
