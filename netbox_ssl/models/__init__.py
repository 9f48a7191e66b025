"""
The objects: one module for each. ``mixins/`` contains shared parts, and separate concerns of large models.

    endpoint_checks.py the results of the checks of endpoints
    name_lookups.py    certificates by the names they have or cover
    usual_renewal.py   how long before expiry a certificate is usually renewed
    visibility.py      related objects that a user may not view
"""

# Event types must exist before NetBox's Event Rule form reads its choices, so they are loaded with the models.
from netbox_ssl import event_types  # noqa: F401

from .assignments import CertificateAssignment
from .certificates import Certificate
from .endpoints import Endpoint
from .issuances import Issuance
from .sources import CertificateSource
from .suggestions import AssignmentSuggestion

__all__ = (
    'AssignmentSuggestion',
    'Certificate',
    'CertificateAssignment',
    'CertificateSource',
    'Endpoint',
    'Issuance',
)
