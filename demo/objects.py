"""
Where the demo's certificates are used: two tenants, three sites, hosts with services and addresses, and the people to
call; and the rule that announces changes. All of it over the REST API, each kind as one list.
"""

from dataclasses import dataclass, field

ROOT = 'plugins/ssl/'
ASSIGNMENTS = f'{ROOT}certificate-assignments/'
RETAIL, CLOUD = TENANTS = ('Example Retail', 'Example Cloud')
AMSTERDAM, FRANKFURT, OSLO = SITES = ('Amsterdam', 'Frankfurt', 'Oslo')
# Name → site and tenant
DEVICES = {
    'lb-01': (AMSTERDAM, RETAIL),
    'lb-02': (FRANKFURT, RETAIL),
    'web-01': (AMSTERDAM, RETAIL),
    'web-02': (AMSTERDAM, RETAIL),
    'web-03': (FRANKFURT, RETAIL),
    'web-04': (FRANKFURT, RETAIL),
    'mail-01': (AMSTERDAM, RETAIL),
    'vpn-01': (AMSTERDAM, RETAIL),
    'edge-01': (FRANKFURT, CLOUD),
    'edge-02': (OSLO, CLOUD),
    'switch-ams-01': (AMSTERDAM, RETAIL),
    'switch-fra-01': (FRANKFURT, CLOUD),
    'switch-osl-01': (OSLO, RETAIL),
}
MACHINES = ('app-01', 'app-02', 'app-03')
# Host → its address
ADDRESSES = {'lb-01': '192.0.2.10/24', 'lb-02': '192.0.2.11/24', 'edge-01': '192.0.2.12/24'}
# Certificates are assigned to these instead of the host itself.
SERVICE_ON, ADDRESS_OF = 'lb-01', 'edge-01'
# Team → address, phone number, and the hosts that it is called about
TEAMS = {
    'Web team': ('web@example.com', '+31 20 555 0111', ('lb-01', 'lb-02', 'web-01', 'web-02', 'web-03', 'web-04')),
    'Messaging team': ('messaging@example.com', '+31 20 555 0122', ('mail-01', 'vpn-01')),
    'Platform team': ('platform@example.net', '+49 69 555 0133', ('app-01', 'app-02', 'app-03')),
    'Network operations': ('noc@example.net', '+49 69 555 0144', ('edge-01', 'edge-02', 'switch-ams-01')),
}
RULE = 'Demo: notify the terminal'
ANNOUNCED = ('renewal_status_changed', 'renewal_overdue', 'renewal_window_moved')


@dataclass
class Made:
    """IDs by name; a place is an object type and an ID."""

    tenants: dict = field(default_factory=dict)
    places: dict = field(default_factory=dict)


def ensure_all(api, path, rows, key='name'):
    """
    Return the IDs of the objects with these names, made if they are missing: so a demo that was stopped is completed.
    """
    found = {
        each[key]: each['id'] for each in api.get(path, **{key: [row[key] for row in rows]}, limit=1000)['results']
    }
    missing = [row for row in rows if row[key] not in found]
    if missing:
        found |= {each[key]: each['id'] for each in api.post(path, missing)}
    return found


def ensure(api, path, data, key='name'):
    return ensure_all(api, path, [data], key)[data[key]]


def slug(name):
    return name.lower().replace(' ', '-')


def named(api, path, *names, **more):
    return ensure_all(api, path, [{'name': name, 'slug': slug(name), **more} for name in names])


def make(api):
    made = Made(named(api, 'tenancy/tenants/', *TENANTS))
    sites = named(api, 'dcim/sites/', *SITES)
    made.places |= {name: ('dcim.device', pk) for name, pk in make_devices(api, sites, made.tenants).items()}
    made.places |= {name: ('virtualization.virtualmachine', pk) for name, pk in make_machines(api, sites, made).items()}
    # Before services and addresses take the places of their hosts
    make_contacts(api, made.places)
    make_reachable(api, made)
    return made


def make_devices(api, sites, tenants):
    (role,) = named(api, 'dcim/device-roles/', 'Server', color='2196f3').values()
    (maker,) = named(api, 'dcim/manufacturers/', 'Example Systems').values()
    model = {'model': 'ES-1000', 'slug': 'es-1000', 'manufacturer': maker}
    device_type = ensure(api, 'dcim/device-types/', model, key='model')
    return ensure_all(
        api,
        'dcim/devices/',
        [
            {'name': name, 'role': role, 'device_type': device_type, 'site': sites[site], 'tenant': tenants[tenant]}
            for name, (site, tenant) in DEVICES.items()
        ],
    )


def make_machines(api, sites, made):
    (cluster_type,) = named(api, 'virtualization/cluster-types/', 'Example Hypervisor').values()
    cluster = {'name': 'cluster-01', 'type': cluster_type, 'scope_type': 'dcim.site', 'scope_id': sites[FRANKFURT]}
    cluster_id = ensure(api, 'virtualization/clusters/', cluster)
    rows = [{'name': name, 'cluster': cluster_id, 'tenant': made.tenants[CLOUD]} for name in MACHINES]
    return ensure_all(api, 'virtualization/virtual-machines/', rows)


def make_contacts(api, places):
    roles = named(api, 'tenancy/contact-roles/', 'On call')
    rows = [{'name': name, 'email': email, 'phone': phone} for name, (email, phone, _hosts) in TEAMS.items()]
    contacts = ensure_all(api, 'tenancy/contacts/', rows)
    path = 'tenancy/contact-assignments/'
    known = {
        (each['object_type'], each['object_id'], each['contact']['id']) for each in api.get(path, limit=1000)['results']
    }
    wanted = [(*places[host], contacts[team]) for team, (_email, _phone, hosts) in TEAMS.items() for host in hosts]
    missing = [
        {
            'object_type': object_type,
            'object_id': object_id,
            'contact': contact,
            'role': roles['On call'],
            'priority': 'primary',
        }
        for object_type, object_id, contact in wanted
        if (object_type, object_id, contact) not in known
    ]
    if missing:
        api.post(path, missing)


def make_reachable(api, made):
    """Make a service and addresses: certificates can be assigned to those as well."""
    rows = [{'address': address, 'dns_name': f'{name}.example.net'} for name, address in ADDRESSES.items()]
    addresses = ensure_all(api, 'ipam/ip-addresses/', rows, key='address')
    made.places[ADDRESS_OF] = ('ipam.ipaddress', addresses[ADDRESSES[ADDRESS_OF]])
    made.places[SERVICE_ON] = ('ipam.service', make_service(api, *made.places[SERVICE_ON]))


def make_service(api, parent_type, parent):
    found = api.get('ipam/services/', name='HTTPS', device_id=parent)['results']
    service = {'name': 'HTTPS', 'parent_object_type': parent_type, 'parent_object_id': parent}
    service['port_mappings'] = ['tcp/443']
    return (found[0] if found else api.post('ipam/services/', service))['id']


def assign(api, wanted):
    """Assign certificates to objects, each once. ``wanted``: ID of the certificate, object type, ID of the object."""
    known = {
        (each['certificate']['id'], each['assigned_object_type'], each['assigned_object_id'])
        for each in api.get(ASSIGNMENTS, limit=1000)['results']
    }
    missing = [
        {'certificate': certificate, 'assigned_object_type': object_type, 'assigned_object_id': object_id}
        for certificate, object_type, object_id in wanted
        if (certificate, object_type, object_id) not in known
    ]
    if missing:
        api.post(ASSIGNMENTS, missing)


def announce_to(api, url):
    """Make a webhook to the terminal of this start, and a rule that sends it what changes as time passes."""
    hook = {'name': RULE, 'payload_url': url, 'http_method': 'POST', 'ssl_verification': False}
    hook_id = ensure(api, 'extras/webhooks/', hook)
    api.patch(f'extras/webhooks/{hook_id}/', hook)
    rule = {
        'name': RULE,
        'object_types': ['netbox_ssl.certificate'],
        'event_types': [f'netbox_ssl.{name}' for name in ANNOUNCED],
        'action_type': 'webhook',
        'action_object_type': 'extras.webhook',
        'action_object_id': hook_id,
    }
    ensure(api, 'extras/event-rules/', rule)
