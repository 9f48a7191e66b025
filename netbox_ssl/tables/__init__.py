from .assignments import CertificateAssignmentTable
from .certificates import CertificateTable
from .issuances import HistoryTable, IssuanceTable
from .sources import CertificateSourceTable

__all__ = (
    'CertificateAssignmentTable',
    'CertificateSourceTable',
    'CertificateTable',
    'HistoryTable',
    'IssuanceTable',
)
