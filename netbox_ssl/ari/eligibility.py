"""For which certificates a CA is asked, where, and why for others it is not."""

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
    """Certificates whose next check has come. RFC 9773, section 4.3: not those that have expired."""
    return SCHEDULED & Q(ari_next_check__lte=now, valid_to__gt=now)


def is_expired_q(now) -> Q:
    """Certificates that were to be checked and have expired."""
    return SCHEDULED & Q(ari_next_check__lte=now, valid_to__lte=now)


def directory_url(certificate: Certificate) -> str:
    """The ACME directory that it came from, else the one that its provider is known by, else ''."""
    return certificate.acme_server_url or directory_for(certificate.acme_provider, settings.catalogue())


def why_switched_off() -> str:
    """Why no CA is asked at all, in a sentence; '' if it is."""
    if not settings.ari().enabled:
        return _('Asking CAs is switched off (setting ari_enabled).')
    if django_settings.ISOLATED_DEPLOYMENT:
        return _('This NetBox makes no requests to the internet (ISOLATED_DEPLOYMENT).')
    return ''


def why_never(certificate: Certificate, now) -> str:
    """Why the CA is not asked for this X.509 certificate, in a sentence; '' if it is, as far as that lies with us."""
    if not certificate.is_acme:
        return _('Not an ACME certificate.')
    if certificate.status != CertificateStatusChoices.STATUS_ACTIVE:
        return _('Only active certificates are asked for.')
    if now >= certificate.valid_to:
        return _('It has expired: the CA is asked no more.')
    if not certificate.pem:
        return _('Recorded without its PEM, from which the certificate ID is made. Import the PEM.')
    if not certificate.ari_cert_id:
        return _('It has no authority key identifier, of which the certificate ID is made.')
    return why_not(directory_url(certificate), certificate.acme_provider)


def why_not(directory: str, provider: str) -> str:
    """Why no question goes to this directory, in a sentence; '' if it may."""
    if not directory:
        return _('The ACME directory is not known: set the server URL.')
    disabled = settings.ari().disabled_providers
    names = {provider.lower(), provider_for_directory(directory, settings.catalogue()).lower()}
    if names & disabled:
        return _('Asking this provider is switched off (setting ari_disabled_providers).')
    return ''
