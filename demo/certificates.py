"""The certificates of the demo: those of two tenants, of every kind."""

from dataclasses import dataclass, field

from demo.objects import CLOUD, RETAIL

__all__ = ('AUTHORITIES', 'ENTRIES', 'HTTP', 'OLD_AUTHORITY', 'SELF_SIGNED', 'Entry')

# Organisation, common name, country, kind of key, and the key identifier of the real one where it is published.
AUTHORITIES = {
    'R13': ("Let's Encrypt", 'R13', 'US', 'rsa', 'e7ab9f0f2c33a053d35e4f78c8b2840e3bd69233'),
    'E8': ("Let's Encrypt", 'E8', 'US', 'ecdsa', '8f0d13a2f62e7ed1506c3318385d598e237291ca'),
    'YE2': ("Let's Encrypt", 'YE2', 'US', 'ecdsa', 'b959f28ecf22f086d33748ff761418ba82d85587'),
    'WE1': ('Google Trust Services', 'WE1', 'US', 'ecdsa', '9077923567c4ffa8cca9e67bd980797bcc93f938'),
    'ZeroSSL': ('ZeroSSL', 'ZeroSSL ECC Domain Secure Site CA', 'AT', 'ecdsa', None),
    'Buypass': ('Buypass AS-983163327', 'Buypass Class 2 CA 5', 'NO', 'rsa', None),
    'DigiCert': ('DigiCert Inc', 'DigiCert Global G2 TLS RSA SHA256 2020 CA1', 'US', 'rsa', None),
    'Sectigo': ('Sectigo Limited', 'Sectigo Public Server Authentication CA DV E36', 'GB', 'ecdsa', None),
    'in-house': ('Example Corp', 'Example Corp Issuing CA 2', 'NL', 'ecdsa', None),
    # It expires before some of its certificates.
    'in-house, old': ('Example Corp', 'Example Corp Issuing CA 1', 'NL', 'rsa', None),
    'staging': ("(STAGING) Let's Encrypt", '(STAGING) Riddling Rhubarb R12', 'US', 'rsa', None),
}
# Days that the CA has left that expires before its certificates
OLD_AUTHORITY = 'in-house, old', 45
SELF_SIGNED = 'self-signed'
OPERATIONS = 'acme@example.com'
HTTP = {'acme_auto_renewal': True, 'acme_challenge_type': 'http-01', 'acme_account_email': OPERATIONS}
DNS = {'acme_auto_renewal': True, 'acme_challenge_type': 'dns-01', 'acme_account_email': OPERATIONS}
BY_HAND = {'acme_auto_renewal': False, 'acme_challenge_type': 'dns-01', 'acme_account_email': OPERATIONS}
# From the company's own CA, over ACME
STEP = {
    'is_acme': True,
    'acme_auto_renewal': True,
    'acme_provider': 'Example Corp ACME',
    'acme_challenge_type': 'http-01',
    'acme_server_url': 'https://ca.corp.example.com/acme/acme/directory',
}
ORDER = {'renewal_instructions': 'Order it in the portal of the CA, cost center 4711. Takes two working days.'}
SIX_DAYS = 160 / 24
# Days of a certificate that was bought, and of those of the company's own CA
BOUGHT, YEAR = 199, 365


@dataclass(frozen=True)
class Entry:
    """A certificate of the demo; the age and the lifetime are in days."""

    # Separated by spaces
    names: str
    authority: str
    age: float
    lifetime: float = 90
    settings: dict = field(default_factory=dict)
    key_type: str = 'ecdsa'
    tenant: str = RETAIL
    # The objects that use it, separated by spaces
    used_by: str = ''
    # Number of previous renewals
    renewals: int = 0
    # Those of used_by that still report the previous certificate, because they were not reloaded
    behind: str = ''
    # Those of used_by that stopped reporting days ago
    silent: str = ''
    client: str = 'certbot'

    @property
    def name(self):
        return self.names.split()[0]


def cloud(*args, **options):
    return Entry(*args, tenant=CLOUD, **options)


ACME = (
    Entry('www.example.com example.com', 'R13', 20, 90, HTTP, 'rsa', used_by='lb-01 lb-02', renewals=3),
    Entry(
        '*.shop.example.com shop.example.com',
        'E8',
        22,
        90,
        DNS,
        used_by='web-01 web-02 web-03 web-04 mail-01',
        renewals=1,
        behind='web-03',
    ),
    Entry('vpn.example.com 192.0.2.11', 'YE2', 2, SIX_DAYS, HTTP, used_by='vpn-01', client='lego', renewals=2),
    Entry('mail.example.com imap.example.com smtp.example.com', 'ZeroSSL', 10, 90, HTTP, used_by='mail-01'),
    Entry('store-api.example.com', 'E8', 41, 90, HTTP, used_by='web-01 web-02', client='caddy', renewals=2),
    Entry('assets.example.com', 'WE1', 25, 90, DNS, used_by='lb-02', client='acme.sh', renewals=1),
    Entry('careers.example.com', 'R13', 52, 90, HTTP, 'rsa', used_by='web-04', renewals=1),
    Entry('newsletter.example.com', 'ZeroSSL', 33, 90, HTTP, used_by='mail-01', client='acme.sh'),
    Entry('returns.example.com', 'E8', 14, 90, HTTP, used_by='web-02', silent='web-02'),
    Entry('loyalty.example.com points.example.com', 'E8', 47, 90, DNS, used_by='web-03', renewals=1),
    Entry('track.example.com', 'Buypass', 95, 180, HTTP, 'rsa', used_by='web-01', client='dehydrated'),
    cloud('edge.example.net', 'YE2', 1, SIX_DAYS, HTTP, used_by='edge-01', client='traefik', renewals=5),
    cloud('edge-oslo.example.net', 'YE2', 3, SIX_DAYS, HTTP, used_by='edge-02', client='traefik', renewals=3),
    cloud('api.example.net', 'YE2', 12, 45, DNS, used_by='app-01', client='cert-manager'),
    cloud('cdn.example.net', 'WE1', 5, 90, DNS, used_by='edge-01', client='lego', renewals=1),
    cloud('console.example.net', 'E8', 22, 90, DNS, used_by='app-01 app-02', client='cert-manager', renewals=2),
    cloud('registry.example.net', 'E8', 44, 90, DNS, used_by='app-02', client='cert-manager'),
    cloud('*.apps.example.net', 'WE1', 18, 90, DNS, used_by='app-01 app-02 app-03', client='cert-manager', renewals=1),
    cloud('git.example.net', 'R13', 29, 90, HTTP, 'rsa', used_by='app-03', renewals=2),
    cloud('objects.example.net', 'E8', 8, 45, DNS, used_by='app-03', client='lego', renewals=1),
    cloud('ns1.example.net', 'ZeroSSL', 55, 90, DNS, used_by='edge-01'),
    # Over ACME from the company's own CA
    Entry('wiki.corp.example.com', 'in-house', 9, 30, STEP, used_by='app-01', renewals=2),
    Entry('tickets.corp.example.com', 'in-house', 15, 30, STEP, used_by='app-01', renewals=1),
    cloud('metrics.corp.example.com', 'in-house', 4, 30, STEP, used_by='app-02', renewals=4),
)
NEEDING_ATTENTION = (
    # Due, but a working client may still renew
    Entry('intranet.example.com', 'R13', 66, 90, HTTP, 'rsa', used_by='web-02', renewals=1),
    cloud('status.example.net', 'YE2', 4, SIX_DAYS, HTTP, used_by='edge-01'),
    cloud('mirror.example.net', 'E8', 63, 90, HTTP, used_by='app-03'),
    # Due and overdue: the client has failed
    Entry('checkout.example.com pay.example.com', 'E8', 82, 90, HTTP, used_by='lb-01', renewals=2),
    cloud('grafana.example.net', 'WE1', 79, 90, DNS, used_by='app-01'),
    # Expired
    Entry('old-blog.example.com', 'R13', 97, 90, HTTP, 'rsa', used_by='web-03'),
    cloud('fjord.example.net', 'Buypass', 181, 180, HTTP, 'rsa', used_by='edge-02'),
    # Manual: over ACME, but renewed by a person
    Entry('partner.example.com', 'ZeroSSL', 40, 90, BY_HAND, used_by='mail-01'),
    Entry('press.example.com', 'E8', 78, 90, BY_HAND, used_by='web-04'),
    cloud('*.lab.example.net', 'E8', 70, 90, BY_HAND, used_by='app-03'),
)
NOT_ACME = (
    Entry('bank.example.com', 'DigiCert', 120, BOUGHT, ORDER, 'rsa', used_by='lb-02'),
    Entry('payments.example.com', 'DigiCert', 187, BOUGHT, ORDER, 'rsa', used_by='lb-01'),
    Entry('extranet.example.com', 'Sectigo', 30, BOUGHT, ORDER, used_by='lb-02'),
    Entry('b2b.example.com edi.example.com', 'DigiCert', 172, BOUGHT, ORDER, 'rsa', used_by='lb-01'),
    cloud('sso.example.net', 'Sectigo', 88, BOUGHT, ORDER, used_by='app-01'),
    cloud('billing.example.net', 'DigiCert', 64, BOUGHT, ORDER, 'rsa', used_by='app-02'),
    # From the company's own CA
    Entry('ldap.corp.example.com', 'in-house', 200, YEAR, used_by='app-01'),
    Entry('printer.corp.example.com', 'in-house', 400, YEAR),
    Entry('radius.corp.example.com', 'in-house', 120, YEAR, used_by='vpn-01'),
    Entry('backup.corp.example.com', 'in-house', 310, YEAR, used_by='app-03'),
    cloud('vault.corp.example.com', 'in-house', 30, YEAR, used_by='app-02'),
    cloud('hypervisor.corp.example.com', 'in-house', 340, YEAR, used_by='app-03'),
    # Their chain ends early.
    Entry('erp.corp.example.com', 'in-house, old', 60, YEAR, {}, 'rsa', used_by='app-01'),
    cloud('jump.corp.example.com', 'in-house, old', 90, YEAR, {}, 'rsa', used_by='app-02'),
)
DOUBTFUL = (
    Entry('switch-ams-01.corp.example.com', SELF_SIGNED, 700, 3650, {}, 'rsa', used_by='switch-ams-01'),
    Entry('ups-osl.corp.example.com', SELF_SIGNED, 900, 3650, {}, 'weak', used_by='switch-osl-01'),
    cloud('console-server.corp.example.com', SELF_SIGNED, 100, 825, used_by='switch-fra-01'),
    # Not public
    Entry('staging.example.com', 'staging', 15, 90, HTTP, 'rsa', used_by='web-04'),
    cloud('staging.example.net', 'staging', 61, 90, HTTP, 'rsa', used_by='app-03'),
    # No longer in use
    Entry('campaign-2025.example.com', 'R13', 120, 90, {**HTTP, 'status': 'retired'}, 'rsa'),
    Entry('summer-sale.example.com', 'E8', 75, 90, {**HTTP, 'status': 'retired'}),
    cloud('beta.example.net', 'E8', 100, 90, {**HTTP, 'status': 'retired'}),
    cloud('leaked.example.net', 'E8', 30, 90, {**HTTP, 'status': 'revoked'}),
    Entry('kiosk.example.com', 'ZeroSSL', 50, 90, {**HTTP, 'status': 'revoked'}),
)
ENTRIES = (*ACME, *NEEDING_ATTENTION, *NOT_ACME, *DOUBTFUL)
