"""
Lists: one module for each object; ``place_columns`` for the column in NetBox's own lists, and ``endpoint_columns`` for
the one in the list of certificates.
"""

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
