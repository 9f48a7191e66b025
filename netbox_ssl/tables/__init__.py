from .certificates import CertificateTable
from .issuances import IssuanceTable
from .sources import CertificateSourceTable

__all__ = ('CertificateSourceTable', 'CertificateTable', 'IssuanceTable')
