"""The issuances of a certificate that a user may view, with the times at which they were replaced."""

from django.db.models import QuerySet

from netbox_ssl.models import Certificate, Issuance
from netbox_ssl.models.issuance_order import ORDER

__all__ = ('newest_issuances', 'visible_issuances')


def visible_issuances(certificate: Certificate, user) -> QuerySet:
    """Return the issuances of ``certificate`` that ``user`` may view."""
    issuances = Issuance.objects.restrict(user, 'view').filter(certificate=certificate)
    return issuances.select_related('certificate').with_replacement()


def newest_issuances(certificate: Certificate, user, most: int) -> tuple[list[Issuance], int]:
    """Return at most ``most`` of them, newest first, without their large columns; and the number of all."""
    # Not joined with the certificate, which is known
    issuances = visible_issuances(certificate, user).select_related(None)
    issuances = issuances.order_by(*(f'-{column}' for column in ORDER))
    newest = list(issuances.defer('pem', 'chain_pem', 'subject_alt_names')[:most])
    for issuance in newest:
        issuance.certificate = certificate
    # Count only if there may be more.
    return newest, len(newest) if len(newest) < most else issuances.count()
