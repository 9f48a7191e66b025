"""Who renews a certificate: an ACME client, a person over ACME, or a person without ACME."""

from django.db.models import Q

from netbox_ssl.choices import CertificateStatusChoices

from .renewal import eligible_q

__all__ = ('AUTOMATIC', 'MANUAL', 'NOT_ACME', 'RENEWAL_KINDS', 'active_q', 'renewal_kind')

# The values are public: labels of metrics
AUTOMATIC, MANUAL, NOT_ACME = RENEWAL_KINDS = ('automatic', 'manual', 'not_acme')


def renewal_kind(is_acme: bool, auto_renewal: bool) -> str:
    """Return one of ``RENEWAL_KINDS``."""
    if not is_acme:
        return NOT_ACME
    return AUTOMATIC if auto_renewal else MANUAL


def active_q(kind: str) -> Q:
    """Select the active certificates of this kind; there is a partial index on each condition."""
    if kind == NOT_ACME:
        return Q(is_acme=False, status=CertificateStatusChoices.STATUS_ACTIVE)
    return eligible_q() & Q(acme_auto_renewal=kind == AUTOMATIC)
