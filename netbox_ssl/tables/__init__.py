from .certificates import CertificateTable
from .issuances import IssuanceTable

__all__ = ('CertificateTable', 'IssuanceTable')
