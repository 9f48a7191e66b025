from .certificates import (
    AssignmentSuggestionFilterSet,
    CertificateAssignmentFilterSet,
    CertificateFilterSet,
    CertificateSourceFilterSet,
    IssuanceFilterSet,
)

__all__ = (
    'AssignmentSuggestionFilterSet',
    'CertificateAssignmentFilterSet',
    'CertificateFilterSet',
    'CertificateSourceFilterSet',
    'IssuanceFilterSet',
)
