"""Which certificates renewal information is requested for, where, and why not for others."""

from django.conf import settings as django_settings
from django.db.models import Q
from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.acme.catalogue import directory_for, provider_for_directory
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.ari import SCHEDULED

__all__ = ('directory_url', 'is_due_q', 'is_expired_q', 'why_never', 'why_not', 'why_switched_off')


def is_due_q(now) -> Q:
    """Return the condition for certificates whose next check is due; not expired ones (RFC 9773, section 4.3)."""
    return SCHEDULED & Q(ari_next_check__lte=now, valid_to__gt=now)


def is_expired_q(now) -> Q:
    """Return the condition for certificates whose next check is due and that have expired."""
    return SCHEDULED & Q(ari_next_check__lte=now, valid_to__lte=now)


def directory_url(certificate: Certificate) -> str:
    """Return the URL of the ACME directory that issued it, else the usual one of its provider, else ''."""
    return certificate.acme_server_url or directory_for(certificate.acme_provider, settings.catalogue())


def why_switched_off() -> str:
    """Return why no CA is polled at all, in a sentence; '' if CAs are."""
    if not settings.ari().enabled:
        return _('Polling is switched off (setting ari_enabled).')
    if django_settings.ISOLATED_DEPLOYMENT:
        return _('This NetBox makes no requests to the internet (ISOLATED_DEPLOYMENT).')
    return ''


def why_never(certificate: Certificate, now) -> str:
    """Return why the CA is not polled for this X.509 certificate, in a sentence; '' if it is."""
    if not certificate.is_acme:
        return _('Not an ACME certificate.')
    if certificate.status != CertificateStatusChoices.STATUS_ACTIVE:
        return _('Only active certificates are polled.')
    if now >= certificate.valid_to:
        return _('It has expired and is no longer polled.')
    if not certificate.pem:
        return _('Recorded without its PEM, which the certificate ID is derived from. Import the PEM.')
    if not certificate.ari_cert_id:
        return _('It has no authority key identifier, which the certificate ID is derived from.')
    return why_not(directory_url(certificate), certificate.acme_provider)


def why_not(directory: str, provider: str) -> str:
    """Return why no requests go to this directory, in a sentence; '' if they may."""
    if not directory:
        return _('The ACME directory is unknown: set the server URL.')
    disabled = settings.ari().disabled_providers
    names = {provider.lower(), provider_for_directory(directory, settings.catalogue()).lower()}
    if names & disabled:
        return _('Polling this provider is switched off (setting ari_disabled_providers).')
    return ''
