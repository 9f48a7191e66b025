"""
The pages of the plugin, and those of NetBox with parts of it, as a person sees them: for the tests in the browser and
for ``make screenshots``. The IDs in their addresses are found by ``ids_of()``.
"""

__all__ = ('PAGES', 'ids_of')

PLUGIN = '/plugins/ssl'
PAGES = {
    'overview': f'{PLUGIN}/overview/',
    'breakdown': f'{PLUGIN}/overview/breakdown/',
    'hosts': f'{PLUGIN}/overview/hosts/',
    'renewals': f'{PLUGIN}/renewals/',
    'by name': f'{PLUGIN}/by-name/?name={{name}}',
    'certificates': f'{PLUGIN}/certificates/',
    'certificate': f'{PLUGIN}/certificates/{{certificate}}/',
    'history': f'{PLUGIN}/certificates/{{certificate}}/history/',
    'certificate form': f'{PLUGIN}/certificates/{{certificate}}/edit/',
    'smart paste': f'{PLUGIN}/certificates/smart-paste/',
    'bulk import': f'{PLUGIN}/certificates/import/',
    'assignments': f'{PLUGIN}/assignments/',
    'assignment': f'{PLUGIN}/assignments/{{assignment}}/',
    'assignment form': f'{PLUGIN}/assignments/add/',
    'suggestions': f'{PLUGIN}/suggestions/',
    'endpoints': f'{PLUGIN}/endpoints/',
    'endpoint': f'{PLUGIN}/endpoints/{{endpoint}}/',
    'endpoint form': f'{PLUGIN}/endpoints/add/',
    'endpoint suggestions': f'{PLUGIN}/endpoints/suggestions/',
    'sources': f'{PLUGIN}/sources/',
    'source': f'{PLUGIN}/sources/{{source}}/',
    'source form': f'{PLUGIN}/sources/add/',
    'issuances': f'{PLUGIN}/issuances/',
    'issuance': f'{PLUGIN}/issuances/{{issuance}}/',
    'connect': f'{PLUGIN}/connect/certbot/',
    'documentation': f'{PLUGIN}/docs/',
    'documentation with code': f'{PLUGIN}/docs/how-to/clients/kubernetes/',
    'search': '/search/?q={name}',
    'site': '/dcim/sites/{site}/',
    'device': '/dcim/devices/{device}/',
    'certificates of a device': '/dcim/devices/{device}/certificates/',
}


def ids_of(api, name: str, device: str) -> dict:
    """Return what the addresses of the pages need: IDs around the certificate ``name`` and the device ``device``."""

    def first(path, **lookup):
        return api.get(path, limit=1, **lookup)['results'][0]

    certificate = first('plugins/ssl/certificates/', name=name)['id']
    host = first('dcim/devices/', name=device)
    return {
        'name': name.removeprefix('*.'),
        'certificate': certificate,
        'assignment': first('plugins/ssl/certificate-assignments/', device_id=host['id'])['id'],
        'source': first('plugins/ssl/sources/', certificate_id=certificate)['id'],
        'issuance': first('plugins/ssl/issuances/', certificate_id=certificate)['id'],
        'endpoint': first('plugins/ssl/endpoints/')['id'],
        'device': host['id'],
        'site': host['site']['id'],
    }
