"""
Lineages that go on under another name on the same host: the host was renamed, certbot made ``www-0001``, or Caddy
changed its CA, and with it the folder. Its first report created a certificate of its own, because the former source may
have belonged to another lineage. Once that source is gone (``sync.py``), the certificate is merged into the first one.
"""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.issuance_order import age_key
from netbox_ssl.netbox_internals import set_changelog_message
from netbox_ssl.validators import read_single

from .custom_fields import accept_missing_custom_fields
from .fragments import may_be_fragment
from .locks import lock_keys
from .merging import absorb

__all__ = ('merge_continuations',)


def merge_continuations(
    gone: Iterable[CertificateSource], present: Iterable[CertificateSource], user
) -> list[Certificate]:
    """
    Merge the certificates of ``present`` sources into those of ``gone`` ones of the same client and host that no source
    reports any more, if they have the same names and key algorithm. Return the certificates that go on.
    """
    left = Certificate.objects.restrict(user, 'change').filter(
        pk__in={source.certificate_id for source in gone},
        unreported_since__isnull=False,
        status=CertificateStatusChoices.STATUS_ACTIVE,
    )
    reported = {source.certificate_id for source in present}
    merged = []
    for certificate in left.exclude(lineage='').order_by('pk'):
        other = _continuation(certificate, reported, user)
        if other is None:
            continue
        _lock(certificate, other)
        # A report may have changed them meanwhile.
        certificate = left.filter(pk=certificate.pk).select_for_update(of=('self',)).first()
        other = certificate and _continuation(certificate, reported, user)
        if other:
            _merge(other, certificate)
            merged.append(certificate)
    return merged


def _continuation(certificate: Certificate, reported: set[int], user) -> Certificate | None:
    """Return the only certificate of ``reported`` (IDs) that goes on with this one."""
    others = Certificate.objects.filter(pk__in=reported, lineage=certificate.lineage)
    found = [other for other in others if may_be_fragment(other, certificate, user)]
    return found[0] if len(found) == 1 else None


def _lock(certificate: Certificate, other: Certificate) -> None:
    """Lock them as imports do."""
    lock_keys(
        {
            certificate.lineage,
            *(f'certificate {each.pk}' for each in (certificate, other)),
            *filter(None, [certificate.fingerprint_sha256, other.fingerprint_sha256]),
        }
    )


def _merge(other: Certificate, certificate: Certificate) -> None:
    certificate.snapshot()
    set_changelog_message(certificate, _('Its client reports it under another external ID now.'))
    tags = absorb(other, certificate)
    if other.pem and age_key(other) > age_key(certificate):
        _renew(certificate, other)
    with accept_missing_custom_fields(certificate):
        certificate.full_clean()
    with certificate.saved_by_report():
        certificate.save()
    if tags:
        certificate.tags.add(*tags)


def _renew(certificate: Certificate, other: Certificate) -> None:
    """Take the X.509 certificate of ``other``, and what its client said of it."""
    certificate.take_leaf(read_single(other.pem + other.chain_pem))
    if other.acme_last_renewed:
        certificate.acme_last_renewed = other.acme_last_renewed
    if other.acme_server_url and 'acme_server_url' not in certificate.acme_pinned_fields:
        certificate.acme_server_url = other.acme_server_url
