"""The certificates that expire first, themselves or their chains."""

from django.db.models import QuerySet

from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.chains import CHAIN_ENDS_FIRST

__all__ = ('first_to_expire',)


def first_to_expire(certificates: QuerySet, count: int) -> list[Certificate]:
    """
    Return the first ``count`` of ``certificates`` by the earlier end of certificate and chain. Each of the two queries
    uses an index, unlike one that sorts by the earlier end within a condition on the other.
    """
    own = certificates.order_by('valid_to', 'pk')[:count]
    chains = certificates.filter(CHAIN_ENDS_FIRST).order_by('chain_valid_to', 'pk')[:count]
    found = {certificate.pk: certificate for certificate in [*own, *chains]}
    return sorted(found.values(), key=lambda certificate: (certificate.marks_end, certificate.pk))[:count]
