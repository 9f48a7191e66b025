"""The stored chain of a certificate: its links, and whether one of them expires first."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from netbox_ssl.x509 import CertificateFacts, read_chain

__all__ = ('CHAIN_INDEXES', 'CHAIN_ENDS_FIRST', 'ChainMixin')

CHAIN_ENDS_FIRST = Q(chain_valid_to__lt=F('valid_to'))

CHAIN_INDEXES = (
    models.Index(fields=('chain_valid_to', 'id'), name='netbox_ssl_cert_chain'),
    models.Index(fields=('chain_valid_to', 'id'), condition=CHAIN_ENDS_FIRST, name='netbox_ssl_cert_chain_first'),
)


class ChainMixin:
    """Answers about the columns ``chain_pem`` and ``chain_valid_to``, for a Certificate and an Issuance."""

    @property
    def chain_ends_first(self) -> bool:
        """Return whether a link of the chain expires before the certificate itself (``CHAIN_ENDS_FIRST`` in SQL)."""
        return self.chain_valid_to is not None and self.chain_valid_to < self.valid_to

    def chain_links(self) -> list[CertificateFacts]:
        """Return the links of the chain, nearest first; none if it cannot be read."""
        return read_chain(self.chain_pem)

    def chain_warnings(self) -> list[str]:
        """Return a warning for each link that expires before the certificate itself."""
        if not self.chain_ends_first:
            return []
        return [
            _(
                'The chain expires first: “{link}” is valid to {link_end:%Y-%m-%d}, the certificate to {end:%Y-%m-%d}. '
                'Clients that use this chain refuse the certificate from then on. Install the current chain of the CA '
                'on the hosts, and import it.'
            ).format(link=link.name, link_end=link.valid_to, end=self.valid_to)
            for link in self.chain_links()
            if link.valid_to < self.valid_to
        ]
