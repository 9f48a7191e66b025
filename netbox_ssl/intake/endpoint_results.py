"""
The results of the checks of endpoints, as monitors report them. The certificates that were seen are reported like those
of any other source, before the results, under the same external IDs.

An endpoint is found by its address, port and server name, among those of the monitor and those without one. Unknown
ones are created, because a monitor may also have a list of its own.

Monitors repeat long lists every few minutes, so the results of known endpoints are recorded together; new endpoints,
and results that depend on another one in the list, one at a time.
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
from netbox_ssl.models.endpoint_checks import store_checks
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


@dataclass(frozen=True)
class _Reporter:
    """Who reports the results, and when."""

    monitor: str
    machine_id: str
    user: object
    now: datetime


def take_results(
    results: Iterable[CheckResult], monitor: str, machine_id: str, user, now: datetime | None = None
) -> list[Endpoint | Refusal]:
    """
    Record results on behalf of ``user``, and return the endpoint of each, or why it was refused, in the same order.

    Changing an endpoint requires the permission to change it, before and after; adding one, to add it. The result of a
    check is not an entry of the change log.
    """
    results = list(results)
    reporter = _Reporter(monitor, machine_id, user, now or timezone.now())
    with atomic():
        lock_keys({f'monitor {monitor}'})
        known = _Known(results, monitor)
        try:
            outcomes = _together(results, known, reporter)
        except PermissionsViolation:
            # Only some of them leave the permissions of the user.
            known, outcomes = _Known(results, monitor), {}
        for index, result in enumerate(results):
            if index not in outcomes:
                outcomes[index] = _one(result, known, reporter)
    return [outcomes[index] for index in range(len(results))]


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


def _together(results: list[CheckResult], known: _Known, reporter: _Reporter) -> dict[int, Endpoint | Refusal]:
    """
    Record the results of known endpoints in a few queries for all of them. Return index → endpoint or refusal; without
    those that have to be recorded one at a time, after the others.

    Raises PermissionsViolation, with nothing recorded, if an endpoint left the permissions of the user.
    """
    endpoints = _each_apart(results, known)
    changeable = _changeable([endpoint.pk for endpoint in endpoints.values()], reporter.user)
    outcomes, changed = {}, []
    for index, endpoint in endpoints.items():
        try:
            _refuse(results[index], reporter)
            _refuse_others(endpoint, reporter, may_change=endpoint.pk in changeable)
        except REFUSALS as error:
            outcomes[index] = Refusal(error)
            continue
        outcomes[index] = endpoint
        if _take(endpoint, results[index], known, reporter):
            changed.append(endpoint)
    with savepoint():
        store_checks(changed)
        pks = [endpoint.pk for endpoint in changed]
        if len(_changeable(pks, reporter.user)) < len(pks):
            raise PermissionsViolation()
    return outcomes


def _each_apart(results: list[CheckResult], known: _Known) -> dict[int, Endpoint]:
    """Return index → endpoint of the results of known endpoints that share nothing with an earlier result."""
    found, used = {}, set()
    for index, result in enumerate(results):
        try:
            identity = result.identity
        except ValidationError:
            # Recording it alone reports the error.
            continue
        keys = {identity, result.external_id}
        endpoint = known.endpoint(identity)
        if endpoint is not None and used.isdisjoint(keys):
            found[index] = endpoint
        used |= keys
    return found


def _changeable(pks: list[int], user) -> set[int]:
    """Return the IDs of the endpoints that ``user`` may change."""
    if not pks:
        return set()
    return set(Endpoint.objects.restrict(user, 'change').filter(pk__in=pks).order_by().values_list('pk', flat=True))


def _one(result: CheckResult, known: _Known, reporter: _Reporter) -> Endpoint | Refusal:
    user = reporter.user
    try:
        with savepoint():
            identity = result.identity
            _refuse(result, reporter)
            endpoint = known.endpoint(identity)
            if endpoint is None:
                endpoint, verb = _create(result, identity, reporter), 'add'
            else:
                _refuse_others(endpoint, reporter, may_change=bool(_changeable([endpoint.pk], user)))
                verb = 'change'
            if _take(endpoint, result, known, reporter):
                store_checks([endpoint])
            if not Endpoint.objects.restrict(user, verb).filter(pk=endpoint.pk).exists():
                raise PermissionsViolation()
    except REFUSALS as error:
        return Refusal(error)
    known.endpoints[identity][endpoint.monitor] = endpoint
    return endpoint


def _refuse(result: CheckResult, reporter: _Reporter) -> None:
    """
    Raise a ValidationError if the check was so long ago that the clock of the monitor must be wrong, or if the external
    ID is not one of this monitor, and would take a source from another.
    """
    if result.checked_at is not None and result.checked_at < reporter.now - OLDEST_CHECK:
        raise ValidationError({'checked_at': _('This is more than a month ago. Check the clock of the monitor.')})
    parts = split_external_id(result.external_id)
    if parts is None or parts.host != reporter.monitor:
        message = _('Use the external ID with which this monitor reports the certificate, such as {example}.')
        example = f'served:{reporter.monitor}:{result.address}:{result.port}'
        raise ValidationError({'external_id': message.format(example=example)})


def _create(result: CheckResult, identity: tuple, reporter: _Reporter) -> Endpoint:
    if not reporter.user.has_perm('netbox_ssl.add_endpoint'):
        raise PermissionDenied(
            _('This endpoint is not in NetBox. Add it, or permit the user of this monitor to add endpoints.')
        )
    columns = dict(zip(IDENTITY, identity, strict=True))
    endpoint = Endpoint(**columns, starttls=result.starttls, monitor=reporter.monitor)
    endpoint.full_clean()
    endpoint.save()
    return endpoint


def _refuse_others(endpoint: Endpoint, reporter: _Reporter, *, may_change: bool) -> None:
    """Raise an error if the user may not change the endpoint, or if another machine has the name of this monitor."""
    if not may_change:
        raise PermissionDenied(_('Reporting the result of this endpoint requires permission to change it.'))
    machine_id = reporter.machine_id
    is_other = bool(machine_id and endpoint.machine_id) and machine_id != endpoint.machine_id
    if is_other and endpoint.checked_by == reporter.monitor and not endpoint.is_unheard_at(reporter.now):
        raise ValidationError(
            {
                'external_id': _(
                    'Another machine reports as this monitor, last on {moment:%Y-%m-%d %H:%M} UTC. Give each monitor a '
                    'separate name: set NETBOX_ACME_SOURCE in the settings of its hook. If this host was reinstalled, '
                    'wait until the endpoint is silent, or delete it.'
                ).format(moment=endpoint.checked_at)
            }
        )


def _take(endpoint: Endpoint, result: CheckResult, known: _Known, reporter: _Reporter) -> bool:
    """Set the columns for the result. Return False if it was sent again, or later than the next one: nothing is set."""
    # The clock of the monitor may be ahead.
    checked_at = min(result.checked_at or reporter.now, reporter.now)
    if endpoint.checked_at is not None and checked_at <= endpoint.checked_at:
        return False
    # None if none was reported
    endpoint.source = known.sources.get(result.external_id)
    endpoint.checked_by = reporter.monitor
    endpoint.machine_id = reporter.machine_id or endpoint.machine_id
    endpoint.take_result(result.result, result.detail, result.since, checked_at)
    return True
