"""Lists: one module for each object, and ``place_columns`` for the column in NetBox's own lists."""

from .assignments import CertificateAssignmentTable
from .certificates import CertificateTable
from .endpoints import EndpointTable
from .issuances import HistoryTable, IssuanceTable
from .sources import CertificateSourceTable
from .suggestions import AssignmentSuggestionTable

__all__ = (
    'AssignmentSuggestionTable',
    'CertificateAssignmentTable',
    'CertificateSourceTable',
    'CertificateTable',
    'EndpointTable',
    'HistoryTable',
    'IssuanceTable',
)
