"""Where the demo's certificates are used, and the rule that announces their changes. All of it over the REST API."""

from dataclasses import dataclass, field

ROOT = 'plugins/ssl/'
ASSIGNMENTS = 'certificate-assignments'
TENANTS = ('Example Retail', 'Example Cloud')
DEVICES = ('lb-01', 'lb-02', 'web-01', 'web-02', 'web-03', 'mail-01', 'edge-01')
RULE = 'Demo: notify the terminal'
ANNOUNCED = ('renewal_status_changed', 'renewal_overdue', 'renewal_window_moved')


@dataclass
class Made:
    """IDs by name; a place is an object type and an ID."""

    tenants: dict = field(default_factory=dict)
    places: dict = field(default_factory=dict)


def ensure(api, path, data, key='name'):
    """Return the ID of the object with this name, made if it is missing: so a demo that was stopped is completed."""
    found = api.get(path, **{key: data[key]})['results']
    return (found[0] if found else api.post(path, data))['id']


def slug(name):
    return name.lower().replace(' ', '-')


def named(api, path, name, **more):
    return ensure(api, path, {'name': name, 'slug': slug(name), **more})


def make(api):
    made = Made({name: named(api, 'tenancy/tenants/', name) for name in TENANTS})
    site = named(api, 'dcim/sites/', 'Example DC1')
    role = named(api, 'dcim/device-roles/', 'Server', color='2196f3')
    maker = named(api, 'dcim/manufacturers/', 'Example Systems')
    model = {'model': 'ES-1000', 'slug': 'es-1000', 'manufacturer': maker}
    device_type = ensure(api, 'dcim/device-types/', model, key='model')
    for name in DEVICES:
        device = {'name': name, 'role': role, 'device_type': device_type, 'site': site}
        made.places[name] = ('dcim.device', ensure(api, 'dcim/devices/', device))
    cluster_type = named(api, 'virtualization/cluster-types/', 'Example Hypervisor')
    cluster = ensure(api, 'virtualization/clusters/', {'name': 'cluster-01', 'type': cluster_type})
    machine = ensure(api, 'virtualization/virtual-machines/', {'name': 'app-01', 'cluster': cluster})
    made.places['app-01'] = ('virtualization.virtualmachine', machine)
    make_reachable(api, made)
    return made


def make_reachable(api, made):
    """Make a service and addresses: certificates can be assigned to those as well."""
    for number, name in enumerate(('lb-01', 'lb-02', 'edge-01'), start=10):
        address = {'address': f'192.0.2.{number}/24', 'dns_name': f'{name}.example.net'}
        address_id = ensure(api, 'ipam/ip-addresses/', address, key='address')
        if name == 'edge-01':
            made.places[name] = ('ipam.ipaddress', address_id)
        elif name == 'lb-01':
            made.places[name] = ('ipam.service', make_service(api, *made.places[name]))


def make_service(api, parent_type, parent):
    found = api.get('ipam/services/', name='HTTPS', device_id=parent)['results']
    service = {'name': 'HTTPS', 'parent_object_type': parent_type, 'parent_object_id': parent}
    service['port_mappings'] = ['tcp/443']
    return (found[0] if found else api.post('ipam/services/', service))['id']


def assign(api, certificate, object_type, object_id):
    """Assign a certificate to an object, once."""
    path = f'{ROOT}{ASSIGNMENTS}/'
    data = {'certificate': certificate, 'assigned_object_type': object_type, 'assigned_object_id': object_id}
    lookup = {'certificate_id': certificate, 'assigned_object_type': object_type, 'assigned_object_id': object_id}
    if not api.get(path, **lookup)['results']:
        api.post(path, data)


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
