"""What an import is asked for, decides and answers."""

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied, ValidationError
from utilities.exceptions import AbortRequest, PermissionsViolation

from netbox_ssl.acme.detection import Detection
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.x509 import Leaf

__all__ = ('REFUSALS', 'Action', 'Item', 'Plan', 'Refusal', 'Result')


class Action:
    """What an import does with one X.509 certificate. The values are public: REST answers and messages."""

    CREATED = 'created'
    RENEWED = 'renewed'
    HISTORY = 'history'  # older than the current one: recorded among the issuances only
    UPDATED = 'updated'  # known already; settings given with it were changed
    UNCHANGED = 'unchanged'


# For what reasons an import is refused; PermissionsViolation: what was written lies outside of what the user may write.
REFUSALS = (ValidationError, PermissionDenied, AbortRequest, PermissionsViolation)


@dataclass
class Item:
    """One X.509 certificate to import."""

    leaf: Leaf
    # Column → validated value; besides ``tags``, ``add_tags`` and ``remove_tags`` (lists of tags).
    # ``custom_field_data`` is merged.
    attributes: dict = field(default_factory=dict)
    # The one named by the request, if any.
    certificate: Certificate | None = None
    # What reports it (CertificateSource), if anything.
    external_id: str = ''
    client: str = ''
    # For the change log.
    message: str = ''


@dataclass
class Refusal:
    """Why an item of a list was not imported: one of ``REFUSALS``."""

    error: Exception


@dataclass
class Plan:
    """What would be done with a leaf, and why; nothing is written yet."""

    leaf: Leaf
    detection: Detection
    action: str
    certificate: Certificate | None = None
    # Several certificates with the same names and key algorithm: a new one is made, and these are named.
    candidates: list[Certificate] = field(default_factory=list)
    # Who reports it, where that is known already.
    source: CertificateSource | None = None


@dataclass
class Result:
    """What was done with a leaf."""

    action: str
    certificate: Certificate
    detection: Detection
    candidates: list[Certificate] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
