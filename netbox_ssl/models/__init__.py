# Event types must exist before NetBox's Event Rule form reads its choices: hence with the models.
from netbox_ssl import event_types  # noqa: F401

from .certificates import Certificate
from .issuances import Issuance

__all__ = ('Certificate', 'Issuance')
