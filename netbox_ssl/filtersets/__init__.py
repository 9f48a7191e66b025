"""
Filters of lists: one module for each object. ``places``, ``states``, ``x509`` and ``mixins`` contain filters that
several objects share.
"""

from .assignments import AssignmentSuggestionFilterSet, CertificateAssignmentFilterSet
from .certificates import CertificateFilterSet
from .endpoints import EndpointFilterSet
from .issuances import IssuanceFilterSet
from .sources import CertificateSourceFilterSet

__all__ = (
    'AssignmentSuggestionFilterSet',
    'CertificateAssignmentFilterSet',
    'CertificateFilterSet',
    'CertificateSourceFilterSet',
    'EndpointFilterSet',
    'IssuanceFilterSet',
)
