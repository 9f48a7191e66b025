"""Reports of clients, files and endpoints, as the tests of the intake send them."""

from netbox_ssl import intake
from netbox_ssl.models import CertificateSource
from tests.support.factories import superuser

__all__ = ('CLIENTS', 'external_id', 'item', 'report', 'source_of')

CLIENTS = {'client': 'certbot', 'copy': 'files', 'served': 'monitor'}


def external_id(host, kind='client', lineage='www') -> str:
    return f'{CLIENTS[kind]}:{host}:{lineage}'


def item(host, issued, kind='client', lineage='www', machine_id='', **attributes) -> intake.Item:
    leaf = intake.read_single(issued.fullchain_pem)
    name = external_id(host, kind, lineage)
    return intake.Item(leaf, attributes, external_id=name, kind=kind, machine_id=machine_id)


def report(host, issued, *args, user=None, **options) -> intake.Result:
    """Report the X.509 certificate of the client, file or endpoint on ``host``."""
    return intake.take_in_item(item(host, issued, *args, **options), user or superuser())


def source_of(host, kind='client', lineage='www') -> CertificateSource:
    return CertificateSource.objects.get(external_id=external_id(host, kind, lineage))
