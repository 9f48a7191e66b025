"""
The inventory of the demo, as a small company would have it, stored over the REST API.

Certificates are made when they are stored, relative to that moment, under issuer names like those of the real
authorities; their keys are discarded at once.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from demo import endpoints, objects
from tests.support.certificate_factory import issue, make_ca

IMPORT = 'plugins/ssl/certificates/import/'
FALLS_DUE, FALLS_DUE_IN = 'falls-due-soon.example.net', 2
EXPIRES, EXPIRES_IN = 'expires-soon.example.net', 4

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
    'in-house': ('Example Corp', 'Example Corp Issuing CA 1', 'NL', 'ecdsa', None),
    'staging': ("(STAGING) Let's Encrypt", '(STAGING) Riddling Rhubarb R12', 'US', 'rsa', None),
}
OPERATIONS = 'acme@example.com'
HTTP = {'acme_auto_renewal': True, 'acme_challenge_type': 'http-01', 'acme_account_email': OPERATIONS}
DNS = {'acme_auto_renewal': True, 'acme_challenge_type': 'dns-01', 'acme_account_email': OPERATIONS}
BY_HAND = {'acme_auto_renewal': False, 'acme_challenge_type': 'dns-01', 'acme_account_email': OPERATIONS}


@dataclass(frozen=True)
class Entry:
    """A certificate of the demo; the age and the lifetime are in days."""

    names: tuple
    authority: str
    age: float
    lifetime: float = 90
    settings: dict = field(default_factory=dict)
    key_type: str = 'ecdsa'
    tenant: str = 'Example Retail'
    used_by: tuple = ()
    # Number of previous renewals
    renewals: int = 0
    # Those of used_by that still report the previous certificate, because they were not reloaded
    behind: tuple = ()
    client: str = 'certbot'


SIX_DAYS = 160 / 24
ENTRIES = (
    # OK
    Entry(('www.example.com', 'example.com'), 'R13', 20, 90, HTTP, 'rsa', used_by=('lb-01', 'lb-02'), renewals=3),
    Entry(
        ('*.shop.example.com', 'shop.example.com'),
        'E8',
        35,
        90,
        DNS,
        used_by=('web-01', 'web-02', 'web-03'),
        renewals=1,
        behind=('web-03',),
    ),
    Entry(('edge.example.net',), 'YE2', 1, SIX_DAYS, HTTP, tenant='Example Cloud', used_by=('edge-01',), renewals=5),
    Entry(('api.example.net',), 'YE2', 12, 45, DNS, tenant='Example Cloud', used_by=('app-01',)),
    Entry(('mail.example.com', 'imap.example.com', 'smtp.example.com'), 'ZeroSSL', 10, 90, HTTP, used_by=('mail-01',)),
    Entry(('cdn.example.net',), 'WE1', 5, 90, DNS, tenant='Example Cloud', renewals=1),
    Entry(('vpn.example.com', '192.0.2.11'), 'YE2', 2, SIX_DAYS, HTTP, used_by=('lb-01',)),
    # Due, but a working client may still renew
    Entry(('intranet.example.com',), 'R13', 66, 90, HTTP, 'rsa', used_by=('web-02',), renewals=1),
    Entry(('status.example.net',), 'YE2', 4, SIX_DAYS, HTTP, tenant='Example Cloud', used_by=('edge-01',)),
    # Due and overdue: the client has failed
    Entry(('checkout.example.com', 'pay.example.com'), 'E8', 82, 90, HTTP, used_by=('lb-01',), renewals=2),
    Entry(('grafana.example.net',), 'WE1', 79, 90, DNS, tenant='Example Cloud', used_by=('app-01',)),
    # Expired
    Entry(('old-blog.example.com',), 'R13', 97, 90, HTTP, 'rsa', used_by=('web-03',)),
    Entry(('fjord.example.net',), 'Buypass', 260, 180, HTTP, 'rsa', tenant='Example Cloud'),
    # Manual: over ACME, but renewed by a person
    Entry(('partner.example.com',), 'ZeroSSL', 40, 90, BY_HAND, used_by=('mail-01',)),
    Entry(('*.lab.example.net',), 'E8', 70, 90, BY_HAND, tenant='Example Cloud'),
    # Not ACME
    Entry(('bank.example.com',), 'DigiCert', 120, 199, {}, 'rsa', used_by=('lb-02',)),
    Entry(('extranet.example.com',), 'Sectigo', 30, 199),
    Entry(('ldap.corp.example.com',), 'in-house', 200, 365, {}, used_by=('app-01',)),
    Entry(('printer.corp.example.com',), 'in-house', 400, 365),
    # Not public
    Entry(('staging.example.com',), 'staging', 15, 90, HTTP, 'rsa'),
    # No longer in use
    Entry(('campaign-2025.example.com',), 'R13', 120, 90, {**HTTP, 'status': 'retired'}, 'rsa'),
    Entry(('leaked.example.net',), 'E8', 30, 90, {**HTTP, 'status': 'revoked'}, tenant='Example Cloud'),
)


def authorities():
    return {
        name: make_ca(organization, common_name, country=country, key_type=key_type, key_id=key_id)
        for name, (organization, common_name, country, key_type, key_id) in AUTHORITIES.items()
    }


def store(api, issued, **settings):
    """Import a certificate; settings are fields of Certificate. All certificates of the demo are imported here."""
    return api.post(IMPORT, {'pem': issued.fullchain_pem, **settings})['certificate']


def fill(api):
    """Create everything that is kept between starts of the demo."""
    made = objects.make(api)
    cas = authorities()
    now = datetime.now(UTC).replace(microsecond=0)
    certificates = {}
    for entry in ENTRIES:
        settings = {**entry.settings, 'tenant': made.tenants[entry.tenant]}
        issued = list(generations(entry, cas[entry.authority], now))
        stored = report(api, entry, issued, settings)
        certificates[entry.names[0]] = issued[-1], stored['id']
        for name in entry.used_by:
            objects.assign(api, stored['id'], *made.places[name])
    endpoints.check(api, certificates)


def report(api, entry, certificates, settings):
    """
    Report the certificate from each place as the hook of its ACME client does; without ACME, import it as a person
    does.
    """
    *earlier, last = certificates
    for certificate in earlier:
        for name in entry.used_by or (None,):
            store(api, certificate, **settings, **source(entry, name))
    current = [name for name in entry.used_by if name not in entry.behind]
    for name in current or (None,):
        stored = store(api, last, **settings, **source(entry, name))
    return stored


def source(entry, place):
    if not place or not entry.settings.get('acme_auto_renewal'):
        return {}
    return {'external_id': f'{entry.client}:{place}:{entry.names[0].removeprefix("*.")}'}


def generations(entry, ca, now):
    """Return the X.509 certificates of the entry, oldest first: each was renewed after two thirds of its lifetime."""
    lifetime = timedelta(days=entry.lifetime)
    for earlier in range(entry.renewals, -1, -1):
        start = now - timedelta(days=entry.age) - earlier * lifetime * 2 / 3
        yield issue(entry.names, ca, start, start + lifetime, key_type=entry.key_type)


def refresh(api, receiver_url):
    """At every start, store two certificates that change soon, and a rule for the terminal."""
    now = datetime.now(UTC).replace(microsecond=0)
    ca = make_ca(*AUTHORITIES['E8'][:2], key_id=AUTHORITIES['E8'][4])
    # A 90-day certificate is due 30 days before expiry.
    due = now + timedelta(minutes=FALLS_DUE_IN)
    store(api, issue([FALLS_DUE], ca, due - timedelta(days=60), due + timedelta(days=30)), **HTTP)
    end = now + timedelta(minutes=EXPIRES_IN)
    store(api, issue([EXPIRES], ca, end - timedelta(days=6), end), **HTTP)
    objects.announce_to(api, receiver_url)


def describe(body):
    """Return one line that describes a delivery of the demo's rule."""
    snapshots = body.get('snapshots') or {}
    before, after = ((snapshots.get(key) or {}).get('renewal_status') for key in ('prechange', 'postchange'))
    data = body['data']
    change = f'{before} -> {after}' if before != after else data.get('renewal_status')
    if window := data.get('announcement', {}).get('window'):
        change = f'to be renewed from {window["start"]} on'
    return f'{body["event"]}: {data.get("display") or data.get("name")}: {change}'
