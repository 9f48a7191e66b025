from django.utils.translation import gettext_lazy as _
from utilities.choices import Choice, ChoiceSet

__all__ = (
    'ACMEChallengeTypeChoices',
    'CertificateStatusChoices',
    'EndpointResultChoices',
    'EndpointStateChoices',
    'FindingChoices',
    'RenewalStatusChoices',
    'STARTTLSChoices',
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


class FindingChoices(ChoiceSet):
    """What may need attention about a certificate (``findings/``). The values are public: REST, GraphQL."""

    WEAK_KEY = 'weak_key'
    WEAK_SIGNATURE = 'weak_signature'
    LONG_LIFETIME = 'long_lifetime'
    NO_SAN = 'no_san'
    CHAIN_ENDS_FIRST = 'chain_ends_first'
    STAGING = 'staging'
    SELF_SIGNED = 'self_signed'
    WIDE_WILDCARD = 'wide_wildcard'
    NOT_AUTOMATIC = 'not_automatic'

    CHOICES = [
        Choice(WEAK_KEY, _('Weak key'), color='red', description=_('RSA or DSA below 2048 bits, or a curve below 256')),
        Choice(WEAK_SIGNATURE, _('SHA-1 or MD5'), color='red', description=_('Signed with a broken hash function')),
        Choice(
            LONG_LIFETIME,
            _('Long lifetime'),
            color='orange',
            description=_('Longer than the CA/Browser Forum allowed when it was issued'),
        ),
        Choice(
            NO_SAN,
            _('No name'),
            color='orange',
            description=_('Without subject alternative names, which TLS clients require'),
        ),
        Choice(
            CHAIN_ENDS_FIRST,
            _('Chain expires first'),
            color='orange',
            description=_('A link of the stored chain expires before the certificate'),
        ),
        Choice(STAGING, _('Staging'), color='yellow', description=_('Issued by a test CA, which no client trusts')),
        Choice(SELF_SIGNED, _('Self-signed'), color='yellow', description=_('Issued by itself, not by a CA')),
        Choice(
            WIDE_WILDCARD,
            _('Wildcard on many hosts'),
            color='yellow',
            description=_('One key on five hosts or more: a leak of one affects all of them'),
        ),
        Choice(
            NOT_AUTOMATIC,
            _('Not renewed automatically'),
            color='blue',
            description=_('No ACME client renews it, so somebody has to, every 47 days from 2029'),
        ),
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


class STARTTLSChoices(ChoiceSet):
    """The protocols of ``openssl s_client -starttls``."""

    CHOICES = [
        Choice('smtp', 'SMTP'),
        Choice('lmtp', 'LMTP'),
        Choice('imap', 'IMAP'),
        Choice('pop3', 'POP3'),
        Choice('sieve', 'ManageSieve'),
        Choice('nntp', 'NNTP'),
        Choice('ftp', 'FTP'),
        Choice('ldap', 'LDAP'),
        Choice('postgres', 'PostgreSQL'),
        Choice('mysql', 'MySQL'),
        Choice('xmpp', 'XMPP'),
        Choice('xmpp-server', _('XMPP between servers')),
        Choice('irc', 'IRC'),
    ]


class EndpointResultChoices(ChoiceSet):
    """The result of a check of an endpoint. The values are public: reports of monitors, REST, GraphQL, events."""

    OK = 'ok'
    OTHER_CERTIFICATE = 'other_certificate'
    EXPIRED = 'expired'
    NOT_YET_VALID = 'not_yet_valid'
    NAME_MISMATCH = 'name_mismatch'
    UNTRUSTED = 'untrusted'
    INCOMPLETE_CHAIN = 'incomplete_chain'
    REFUSED = 'refused'
    TIMEOUT = 'timeout'
    NOT_TLS = 'not_tls'

    CHOICES = [
        Choice(EXPIRED, _('Expired'), color='red', description=_('A certificate of the chain has expired')),
        Choice(
            OTHER_CERTIFICATE,
            _('Other certificate'),
            color='red',
            description=_('It serves another certificate than the expected one'),
        ),
        Choice(NAME_MISMATCH, _('Name mismatch'), color='red', description=_('The certificate is for other names')),
        Choice(
            UNTRUSTED,
            _('Untrusted'),
            color='red',
            description=_('Self-signed, or issued by a CA that the monitor does not trust'),
        ),
        Choice(
            INCOMPLETE_CHAIN,
            _('Incomplete chain'),
            color='red',
            description=_('It does not send the CA certificate that issued its certificate'),
        ),
        Choice(NOT_YET_VALID, _('Not yet valid'), color='red', description=_('The validity has not started')),
        Choice(NOT_TLS, _('Not TLS'), color='red', description=_('The port answers, but not with TLS')),
        Choice(REFUSED, _('Refused'), color='red', description=_('No connection, or the handshake failed')),
        Choice(TIMEOUT, _('Timeout'), color='red', description=_('No certificate within the time limit')),
        Choice(OK, _('OK'), color='green', description=_('It serves a certificate that clients accept')),
    ]


class EndpointStateChoices(EndpointResultChoices):
    """
    The states of an endpoint (``models/mixins/endpoint_states.py``), from bad to good: the result of its last check, or
    what has become of an *OK* since. The values are public: REST, GraphQL, events.
    """

    BEHIND = 'behind'
    SILENT = 'silent'
    UNCHECKED = 'unchecked'

    CHOICES = [
        *(choice for choice in EndpointResultChoices.CHOICES if choice.value != EndpointResultChoices.OK),
        Choice(BEHIND, _('Behind'), color='orange', description=_('It still serves the certificate before a renewal')),
        Choice(SILENT, _('Silent'), color='yellow', description=_('It has not been checked for too long')),
        *(choice for choice in EndpointResultChoices.CHOICES if choice.value == EndpointResultChoices.OK),
        Choice(UNCHECKED, _('Not checked'), color='gray', description=_('No monitor has checked it yet')),
    ]
