"""What several panels of a certificate's page show: read by the first of them, and kept on the certificate."""

from django.utils import timezone

from netbox_ssl.models import Certificate
from netbox_ssl.places.contacts import Served, read_served
from netbox_ssl.places.deployment import Deployment, Unreported, attach_deployments

__all__ = ('deployment_of', 'served_of')


def served_of(certificate: Certificate, user) -> Served:
    """Return the objects that use the certificate, and its contacts, as far as ``user`` may view them."""
    if 'served' not in certificate.__dict__:
        certificate.served = read_served([certificate], user)[certificate.pk]
    return certificate.served


def deployment_of(certificate: Certificate, user) -> Deployment | Unreported | None:
    """Return the worst state of its sources that ``user`` may view."""
    if 'deployment' not in certificate.__dict__:
        attach_deployments([certificate], timezone.now(), user)
    return certificate.deployment
