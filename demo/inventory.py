"""
The inventory of the demo, as a company would have it, stored over the REST API.

Certificates are made when they are stored, relative to that moment, under issuer names like those of the real
authorities; their keys are discarded at once.
"""

from datetime import UTC, datetime, timedelta

from demo import endpoints, objects
from demo.certificates import AUTHORITIES, ENTRIES, HTTP, OLD_AUTHORITY, SELF_SIGNED
from tests.support.certificate_factory import issue, make_ca, make_key, self_signed

IMPORT = 'plugins/ssl/certificates/import/'
FALLS_DUE, FALLS_DUE_IN = 'falls-due-soon.example.net', 2
EXPIRES, EXPIRES_IN = 'expires-soon.example.net', 4


def authorities(now):
    ends = {OLD_AUTHORITY[0]: now + timedelta(days=OLD_AUTHORITY[1])}
    return {
        name: make_ca(
            organization, common_name, country=country, key_type=key_type, key_id=key_id, valid_to=ends.get(name)
        )
        for name, (organization, common_name, country, key_type, key_id) in AUTHORITIES.items()
    }


def fill(api):
    """Create everything that is kept between starts of the demo."""
    made = objects.make(api)
    now = datetime.now(UTC).replace(microsecond=0)
    cas = authorities(now)
    issued = {entry.name: generations(entry, cas.get(entry.authority), now) for entry in ENTRIES}
    ids = {}
    # One list for each generation, the oldest first: entries of a list are independent of each other.
    for earlier in range(max(entry.renewals for entry in ENTRIES), -1, -1):
        reports = [
            (entry.name, item)
            for entry in ENTRIES
            if earlier <= entry.renewals
            for item in reports_of(entry, issued[entry.name][-1 - earlier], made.tenants[entry.tenant], earlier == 0)
        ]
        results = api.post(IMPORT, [item for _name, item in reports])
        ids |= {name: result['certificate']['id'] for (name, _item), result in zip(reports, results, strict=True)}
    objects.assign(api, [(ids[entry.name], *made.places[name]) for entry in ENTRIES for name in entry.used_by.split()])
    endpoints.check(api, {name: (certificates[-1], ids[name]) for name, certificates in issued.items()})


def reports_of(entry, certificate, tenant, is_current):
    """
    Yield what the hook of its ACME client reports from each place; without ACME, the import of a person. A host that is
    behind does not report the current certificate.
    """
    missing = entry.behind.split() if is_current else ()
    for place in entry.used_by.split() or (None,):
        if place not in missing:
            item = {'pem': certificate.fullchain_pem, 'tenant': tenant, **entry.settings}
            if place and entry.settings.get('acme_auto_renewal'):
                item['external_id'] = f'{entry.client}:{place}:{entry.name.removeprefix("*.")}'
            yield item


def generations(entry, ca, now):
    """Return the X.509 certificates of the entry, oldest first: each was renewed after two thirds of its lifetime."""
    lifetime = timedelta(days=entry.lifetime)
    starts = [now - timedelta(days=entry.age) - earlier * lifetime * 2 / 3 for earlier in range(entry.renewals, -1, -1)]
    return [sign(entry, ca, start, start + lifetime) for start in starts]


def sign(entry, ca, start, end):
    names = entry.names.split()
    key = make_key('rsa', 1024) if entry.key_type == 'weak' else make_key(entry.key_type)
    if entry.authority == SELF_SIGNED:
        return self_signed(names, start, end, key=key)
    return issue(names, ca, start, end, key=key)


def refresh(api, receiver_url):
    """At every start, store two certificates that change soon, and a rule for the terminal."""
    now = datetime.now(UTC).replace(microsecond=0)
    ca = make_ca(*AUTHORITIES['E8'][:2], key_id=AUTHORITIES['E8'][4])
    # A 90-day certificate is due 30 days before expiry.
    due = now + timedelta(minutes=FALLS_DUE_IN)
    end = now + timedelta(minutes=EXPIRES_IN)
    soon = (
        issue([FALLS_DUE], ca, due - timedelta(days=60), due + timedelta(days=30)),
        issue([EXPIRES], ca, end - timedelta(days=6), end),
    )
    api.post(IMPORT, [{'pem': issued.fullchain_pem, **HTTP} for issued in soon])
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
