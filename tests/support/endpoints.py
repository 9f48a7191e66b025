"""Endpoints, and the results that a monitor reports, in tests."""

from django.utils import timezone

from netbox_ssl import intake
from netbox_ssl.intake.endpoint_results import CheckResult, take_results
from netbox_ssl.models import Endpoint
from tests.support.factories import superuser

__all__ = ('MONITOR', 'check', 'endpoint', 'entry', 'seen')

MONITOR = 'probe-1'


def endpoint(address='www.example.net', **columns) -> Endpoint:
    """Return a saved endpoint of the monitor."""
    made = Endpoint(**{'address': address, 'monitor': MONITOR, **columns})
    made.full_clean()
    made.save()
    return made


def entry(address='www.example.net', result='ok', *, port=443, **values) -> dict:
    """Return one entry of a list of results, as a monitor sends it."""
    name = values.get('server_name', '')
    label = f'{address}:{port}/{name}' if name else f'{address}:{port}'
    return {
        'external_id': f'served:{MONITOR}:{label}',
        'address': address,
        'port': port,
        'result': result,
        **values,
    }


def seen(issued, address='www.example.net:443', user=None) -> intake.Result:
    """Report the certificate that the monitor saw."""
    leaf = intake.read_single(issued.fullchain_pem)
    item = intake.Item(leaf, external_id=f'served:{MONITOR}:{address}', kind='served')
    return intake.take_in_item(item, user or superuser())


def check(result='ok', address='www.example.net', at=None, user=None, machine_id='', monitor=MONITOR, **values):
    """Report the result of one check, at the time ``at`` (now by default). Return the endpoint or the refusal."""
    values = {'server_name': '', 'starttls': '', 'detail': '', 'since': None, **values}
    given = entry(address, result, **values)
    given['external_id'] = given['external_id'].replace(MONITOR, monitor)
    now = at or timezone.now()
    (outcome,) = take_results(
        [CheckResult(checked_at=now, **given)], monitor, machine_id, user or superuser(), now=max(now, timezone.now())
    )
    return outcome
