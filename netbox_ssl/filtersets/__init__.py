"""
What lists can be filtered by: one module for each object. ``places`` and ``x509`` hold the filters that several objects
share, ``mixins`` the rest.
"""

from .assignments import AssignmentSuggestionFilterSet, CertificateAssignmentFilterSet
from .certificates import CertificateFilterSet
from .issuances import IssuanceFilterSet
from .sources import CertificateSourceFilterSet

__all__ = (
    'AssignmentSuggestionFilterSet',
    'CertificateAssignmentFilterSet',
    'CertificateFilterSet',
    'CertificateSourceFilterSet',
    'IssuanceFilterSet',
)
