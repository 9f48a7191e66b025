"""
The results of the checks of endpoints, as monitors report them. The certificates that were seen are reported like those
of any other source, before the results, under the same external IDs.

An endpoint is found by its address, port and server name, among those of the monitor and those without one. Unknown
ones are created, because a monitor may also have a list of its own.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from utilities.exceptions import PermissionsViolation

from netbox_ssl.branching import atomic
from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import CertificateSource, Endpoint
from netbox_ssl.models.endpoints import canonical_endpoint_host
from netbox_ssl.models.external_ids import split_external_id
from netbox_ssl.refusals import REFUSALS
from netbox_ssl.utilities import savepoint

from .locks import lock_keys
from .results import Refusal

__all__ = ('CheckResult', 'take_results')

# Columns that another endpoint would have different values of
IDENTITY = ('address', 'port', 'server_name')
OLDEST_CHECK = timedelta(days=31)


@dataclass(frozen=True)
class CheckResult:
    """The result of a check, as reported by a monitor. The values have been validated one by one."""

    external_id: str
    address: str
    port: int
    server_name: str
    starttls: str
    # One of EndpointResultChoices
    result: str
    detail: str
    # Since when the monitor has seen this result, if it knows
    since: datetime | None
    # None: now
    checked_at: datetime | None

    @property
    def identity(self) -> tuple[str, int, str]:
        """Return address, port and server name in their canonical form. Raises a ValidationError."""
        found = {}
        for name in ('address', 'server_name'):
            text = getattr(self, name)
            found[name] = canonical_endpoint_host(text)
            if text and not found[name]:
                raise ValidationError({name: _('Enter a host name such as www.example.com, or an IP address.')})
        same = found['server_name'] == found['address']
        return found['address'], self.port, '' if same else found['server_name']


def take_results(
    results: Iterable[CheckResult], monitor: str, machine_id: str, user, now: datetime | None = None
) -> list[Endpoint | Refusal]:
    """
    Record results on behalf of ``user``, and return the endpoint of each, or why it was refused, in the same order.

    Changing an endpoint requires the permission to change it, before and after; adding one, to add it. The result of a
    check is not an entry of the change log.
    """
    results = list(results)
    now = now or timezone.now()
    with atomic():
        lock_keys({f'monitor {monitor}'})
        known = _Known(results, monitor)
        return [_one(result, known, machine_id, user, now) for result in results]


class _Known:
    """The stored endpoints and sources of a list of results, read together and locked."""

    def __init__(self, results: list[CheckResult], monitor: str):
        self.monitor = monitor
        addresses = {canonical_endpoint_host(result.address) for result in results}
        found = Endpoint.objects.filter(address__in=addresses, monitor__in=('', monitor))
        found = found.select_for_update(of=('self',), no_key=True).order_by('pk')
        self.endpoints = defaultdict(dict)
        for endpoint in found:
            self.endpoints[endpoint.address, endpoint.port, endpoint.server_name][endpoint.monitor] = endpoint
        sources = CertificateSource.objects.select_related('issuance').defer('issuance__pem', 'issuance__chain_pem')
        sources = sources.filter(
            external_id__in=[result.external_id for result in results], kind=SourceKindChoices.SERVED
        )
        self.sources = {source.external_id: source for source in sources}

    def endpoint(self, identity: tuple) -> Endpoint | None:
        """Return the endpoint of this monitor, else the one of any monitor."""
        found = self.endpoints[identity]
        return found.get(self.monitor) or found.get('')


def _one(result: CheckResult, known: _Known, machine_id: str, user, now: datetime) -> Endpoint | Refusal:
    try:
        with savepoint():
            identity = result.identity
            _refuse_old(result, now)
            _refuse_foreign_source(result, known.monitor)
            endpoint = known.endpoint(identity)
            if endpoint is None:
                endpoint, verb = _create(result, identity, known.monitor, user), 'add'
            else:
                _refuse_others(endpoint, known.monitor, machine_id, user, now)
                verb = 'change'
            _record(endpoint, result, known, machine_id, now)
            if not Endpoint.objects.restrict(user, verb).filter(pk=endpoint.pk).exists():
                raise PermissionsViolation()
    except REFUSALS as error:
        return Refusal(error)
    known.endpoints[identity][endpoint.monitor] = endpoint
    return endpoint


def _refuse_old(result: CheckResult, now: datetime) -> None:
    """Raise a ValidationError if the check was so long ago that the clock of the monitor must be wrong."""
    if result.checked_at is not None and result.checked_at < now - OLDEST_CHECK:
        raise ValidationError({'checked_at': _('This is more than a month ago. Check the clock of the monitor.')})


def _refuse_foreign_source(result: CheckResult, monitor: str) -> None:
    """Raise a ValidationError if the external ID is not one of this monitor, and would take a source from another."""
    parts = split_external_id(result.external_id)
    if parts is None or parts.host != monitor:
        message = _('Use the external ID with which this monitor reports the certificate, such as {example}.')
        example = f'served:{monitor}:{result.address}:{result.port}'
        raise ValidationError({'external_id': message.format(example=example)})


def _create(result: CheckResult, identity: tuple, monitor: str, user) -> Endpoint:
    if not user.has_perm('netbox_ssl.add_endpoint'):
        raise PermissionDenied(
            _('This endpoint is not in NetBox. Add it, or permit the user of this monitor to add endpoints.')
        )
    columns = dict(zip(IDENTITY, identity, strict=True))
    endpoint = Endpoint(**columns, starttls=result.starttls, monitor=monitor)
    endpoint.full_clean()
    endpoint.save()
    return endpoint


def _refuse_others(endpoint: Endpoint, monitor: str, machine_id: str, user, now: datetime) -> None:
    """Raise an error if ``user`` may not change the endpoint, or if another machine has the name of this monitor."""
    if not Endpoint.objects.restrict(user, 'change').filter(pk=endpoint.pk).exists():
        raise PermissionDenied(_('Reporting the result of this endpoint requires permission to change it.'))
    is_other = bool(machine_id and endpoint.machine_id) and machine_id != endpoint.machine_id
    if is_other and endpoint.checked_by == monitor and not endpoint.is_unheard_at(now):
        raise ValidationError(
            {
                'external_id': _(
                    'Another machine reports as this monitor, last on {moment:%Y-%m-%d %H:%M} UTC. Give each monitor a '
                    'separate name: set NETBOX_ACME_SOURCE in the settings of its hook. If this host was reinstalled, '
                    'wait until the endpoint is silent, or delete it.'
                ).format(moment=endpoint.checked_at)
            }
        )


def _record(endpoint: Endpoint, result: CheckResult, known: _Known, machine_id: str, now: datetime) -> None:
    # The clock of the monitor may be ahead.
    checked_at = min(result.checked_at or now, now)
    if endpoint.checked_at is not None and checked_at <= endpoint.checked_at:
        # Sent again, or later than the next one
        return
    endpoint.source = _source_of(endpoint, result, known)
    endpoint.checked_by = known.monitor
    endpoint.machine_id = machine_id or endpoint.machine_id
    endpoint.take_result(result.result, result.detail, result.since, checked_at)
    columns = {name: getattr(endpoint, name) for name in Endpoint.STATE_FIELDS}
    Endpoint.objects.filter(pk=endpoint.pk).update(**columns)


def _source_of(endpoint: Endpoint, result: CheckResult, known: _Known) -> CertificateSource | None:
    """Return the source that reports what this endpoint serves; None if none was reported."""
    source = known.sources.get(result.external_id)
    if source is not None and source.pk != endpoint.source_id:
        # Another one had it, which was changed or given to another monitor.
        Endpoint.objects.filter(source=source).exclude(pk=endpoint.pk).update(source=None)
    return source
