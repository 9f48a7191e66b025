from django.utils.translation import gettext_lazy as _
from utilities.choices import Choice, ChoiceSet

__all__ = (
    'ACMEChallengeTypeChoices',
    'CertificateStatusChoices',
    'RenewalStatusChoices',
    'SourceKindChoices',
    'SourceStateChoices',
    'ValidityChoices',
)


class CertificateStatusChoices(ChoiceSet):
    key = 'Certificate.status'

    STATUS_ACTIVE = 'active'
    STATUS_REVOKED = 'revoked'
    STATUS_RETIRED = 'retired'

    CHOICES = [
        Choice(STATUS_ACTIVE, _('Active'), color='green', description=_('In use or intended for use')),
        Choice(STATUS_REVOKED, _('Revoked'), color='red', description=_('Revoked by its CA before it expired')),
        Choice(STATUS_RETIRED, _('Retired'), color='gray', description=_('No longer in use; no renewal is expected')),
    ]


class RenewalStatusChoices(ChoiceSet):
    """The results of the renewal rule (``acme/renewal.py``). The values are public: REST, GraphQL, events."""

    OK = 'OK'
    DUE = 'Due'
    EXPIRED = 'Expired'
    MANUAL = 'Manual'

    CHOICES = [
        Choice(OK, _('OK'), color='green', description=_('Renewed automatically; not yet due')),
        Choice(DUE, _('Due'), color='yellow', description=_('Renewal is due; no renewal has been seen yet')),
        Choice(EXPIRED, _('Expired'), color='red', description=_('No longer valid')),
        Choice(MANUAL, _('Manual'), color='blue', description=_('Issued over ACME, but not renewed automatically')),
    ]


class ValidityChoices(ChoiceSet):
    """The results of the validity rule (``expiry/validity.py``). The values are public: REST, GraphQL, events."""

    VALID = 'Valid'
    EXPIRING = 'Expiring'
    EXPIRED = 'Expired'
    NOT_YET_VALID = 'Not yet valid'

    CHOICES = [
        Choice(VALID, _('Valid'), color='green', description=_('Valid, and not about to expire')),
        Choice(EXPIRING, _('Expiring'), color='yellow', description=_('Valid; an expiry mark has passed')),
        Choice(EXPIRED, _('Expired'), color='red', description=_('No longer valid')),
        Choice(NOT_YET_VALID, _('Not yet valid'), color='cyan', description=_('Its validity has not started')),
    ]


class SourceStateChoices(ChoiceSet):
    """The states of a source (``models/mixins/source_states.py``). The values are public: REST, GraphQL, events."""

    CURRENT = 'current'
    BEHIND = 'behind'
    EXPIRED = 'expired'
    SILENT = 'silent'
    GONE = 'gone'

    CHOICES = [
        Choice(EXPIRED, _('Expired'), color='red', description=_('Its X.509 certificate has expired')),
        Choice(BEHIND, _('Behind'), color='orange', description=_('Still has a previous X.509 certificate')),
        Choice(SILENT, _('Silent'), color='yellow', description=_('Has not reported for too long')),
        Choice(CURRENT, _('Current'), color='green', description=_('Has the current X.509 certificate')),
        Choice(GONE, _('Gone'), color='gray', description=_('Its client no longer has it')),
    ]


class ACMEChallengeTypeChoices(ChoiceSet):
    """RFC 8555 section 8, RFC 8737, and draft-ietf-acme-dns-persist."""

    HTTP_01 = 'http-01'
    DNS_01 = 'dns-01'
    TLS_ALPN_01 = 'tls-alpn-01'
    DNS_PERSIST_01 = 'dns-persist-01'

    CHOICES = [
        Choice(HTTP_01, 'HTTP-01'),
        Choice(DNS_01, 'DNS-01'),
        Choice(TLS_ALPN_01, 'TLS-ALPN-01'),
        Choice(DNS_PERSIST_01, 'DNS-PERSIST-01'),
    ]


class SourceKindChoices(ChoiceSet):
    """The meaning of the reports of a source. The values are public: reports contain them."""

    key = 'CertificateSource.kind'

    CLIENT = 'client'
    COPY = 'copy'
    SERVED = 'served'

    CHOICES = [
        Choice(CLIENT, _('Client'), color='blue', description=_('An ACME client that orders the certificate')),
        Choice(COPY, _('Copy'), color='cyan', description=_('A file on a host')),
        Choice(SERVED, _('Served'), color='purple', description=_('An endpoint, as a monitor sees it from outside')),
    ]
