# Event types must exist before NetBox's Event Rule form reads its choices: hence with the models.
from netbox_ssl import event_types  # noqa: F401

from .assignments import CertificateAssignment
from .certificates import Certificate
from .issuances import Issuance
from .sources import CertificateSource
from .suggestions import AssignmentSuggestion

__all__ = ('AssignmentSuggestion', 'Certificate', 'CertificateAssignment', 'CertificateSource', 'Issuance')
