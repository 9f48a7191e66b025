"""What the hook for endpoints has sent, and how tests name the endpoints."""

from tests.hooks.tls_servers import NAME

__all__ = ('RESULTS', 'chains', 'line', 'of_netbox', 'results')

RESULTS = '/api/plugins/ssl/endpoints/results/'


def results(netbox) -> list[dict]:
    return [each for report in netbox.reports if report.path == RESULTS for each in report.items['results']]


def chains(netbox) -> dict:
    """Return lineage → report."""
    items = [item for report in netbox.reports if report.path != RESULTS for item in report.items]
    return {item['external_id'].split(':', 2)[2]: item for item in items}


def line(servers, server, *more, name=NAME) -> str:
    """Return a line of the file of endpoints."""
    words = [f'127.0.0.1:{servers.ports[server]}', f'ca={servers.trusted}', *more]
    return ' '.join([*words, *([f'sni={name}'] if name else [])])


def of_netbox(servers, server, **values) -> dict:
    """Return an endpoint as NetBox lists it."""
    return {
        'address': '127.0.0.1',
        'port': servers.ports[server],
        'server_name': NAME,
        'starttls': None,
        'ca_file': '',
        'monitor': 'web01.example.net',
        'interval': None,
        'checked_at': None,
        **values,
    }
