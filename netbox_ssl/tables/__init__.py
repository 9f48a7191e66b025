from .certificates import CertificateTable
from .issuances import HistoryTable, IssuanceTable
from .sources import CertificateSourceTable

__all__ = ('CertificateSourceTable', 'CertificateTable', 'HistoryTable', 'IssuanceTable')
