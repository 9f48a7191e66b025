from .assignments import CertificateAssignmentTable
from .certificates import CertificateTable
from .issuances import HistoryTable, IssuanceTable
from .sources import CertificateSourceTable
from .suggestions import AssignmentSuggestionTable

__all__ = (
    'AssignmentSuggestionTable',
    'CertificateAssignmentTable',
    'CertificateSourceTable',
    'CertificateTable',
    'HistoryTable',
    'IssuanceTable',
)
