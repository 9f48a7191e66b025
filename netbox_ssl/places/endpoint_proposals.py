"""
Endpoints to add, for the places where certificates are used: the TCP ports of application services, and IP addresses
with the port in the note of the assignment, or port 443. Nothing is added until a person accepts it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from dcim.models import Device
from django.db.models import Prefetch, prefetch_related_objects
from django.utils.translation import gettext as _
from ipam.models import IPAddress, Service
from utilities.exceptions import PermissionsViolation
from virtualization.models import VirtualMachine

from netbox_ssl.branching import atomic
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import CertificateAssignment, Endpoint
from netbox_ssl.models.assignments import of_model
from netbox_ssl.models.endpoints import DEFAULT_PORT, MAX_PORT, endpoint_label
from netbox_ssl.refusals import REFUSALS, explain
from netbox_ssl.utilities import savepoint
from netbox_ssl.x509 import canonical_address, canonical_host, covering_names

__all__ = ('AddedEndpoints', 'Proposal', 'accept_proposals', 'described', 'find_proposals')

# Port → protocol that starts in plain text there
STARTTLS = {
    21: 'ftp',
    24: 'lmtp',
    25: 'smtp',
    110: 'pop3',
    119: 'nntp',
    143: 'imap',
    389: 'ldap',
    587: 'smtp',
    3306: 'mysql',
    4190: 'sieve',
    5222: 'xmpp',
    5269: 'xmpp-server',
    5432: 'postgres',
}
# A port in a note: a number at its start, after a colon, after "tcp/", or after the word
PORT = re.compile(r'(?:^|:|\btcp/|\bport )\s*([0-9]{1,5})\b', re.IGNORECASE)
# Assignments read at a time
BATCH = 200


@dataclass(frozen=True)
class Proposal:
    """An endpoint to add for an assignment of a certificate."""

    assignment: CertificateAssignment
    address: str
    port: int
    server_name: str
    starttls: str

    @property
    def label(self) -> str:
        return endpoint_label(self.address, self.port, self.server_name)

    @property
    def key(self) -> str:
        """Return the text that identifies it in a form."""
        return f'{self.assignment.pk} {self.label}'

    def endpoint(self, monitor: str = '') -> Endpoint:
        """Return the endpoint, unsaved."""
        return Endpoint(
            address=self.address,
            port=self.port,
            server_name=self.server_name,
            starttls=self.starttls,
            monitor=monitor,
            expected_certificate=self.assignment.certificate,
            assigned_object=self.assignment.assigned_object,
        )


@dataclass
class AddedEndpoints:
    """The result of accepting proposals."""

    added: list[Endpoint] = field(default_factory=list)
    # Label → messages
    refused: list[tuple[str, list[str]]] = field(default_factory=list)
    # Those that are no longer proposed, for example because they were added in the meantime
    gone: int = 0


def find_proposals(user, limit: int) -> list[Proposal]:
    """Return up to ``limit`` endpoints to add, for assignments whose certificate and object ``user`` may view."""
    return list(islice(_proposals(_assignments(user), user), limit))


def _assignments(user):
    active = CertificateAssignment.objects.restrict(user, 'view').filter(
        of_model(Service) | of_model(IPAddress), certificate__status=CertificateStatusChoices.STATUS_ACTIVE
    )
    assignments = active.select_related('certificate').with_hosts(user)
    return assignments.defer('certificate__pem', 'certificate__chain_pem').order_by('pk')


def _proposals(assignments, user) -> Iterator[Proposal]:
    last = 0
    while batch := list(assignments.filter(pk__gt=last)[:BATCH]):
        last = batch[-1].pk
        _prefetch_addresses([each.assigned_object for each in batch if isinstance(each.assigned_object, Service)], user)
        found = [proposal for assignment in batch for proposal in _of(assignment)]
        known = set(
            Endpoint.objects.filter(address__in={each.address for each in found})
            .order_by()
            .values_list('address', 'port', 'server_name')
        )
        for each in found:
            if (identity := (each.address, each.port, each.server_name)) not in known:
                # Several assignments may be at one address.
                known.add(identity)
                yield each


def _prefetch_addresses(services: list[Service], user) -> None:
    """Read the addresses of services, and the primary ones of their hosts, that ``user`` may view."""
    visible = IPAddress.objects.restrict(user, 'view')
    prefetch_related_objects(services, Prefetch('ipaddresses', visible))
    for model in (Device, VirtualMachine):
        hosts = [service.parent for service in services if isinstance(service.parent, model)]
        prefetch_related_objects(hosts, Prefetch('primary_ip4', visible), Prefetch('primary_ip6', visible))


def _of(assignment: CertificateAssignment) -> Iterator[Proposal]:
    place = assignment.assigned_object
    if place is None:
        return
    if isinstance(place, Service):
        ports = _tcp_ports(place.port_mappings)
        addresses = list(place.ipaddresses.all()) or list(filter(None, [getattr(place.parent, 'primary_ip', None)]))
    else:
        ports, addresses = [_port_in(assignment.note)], [place]
    for each in addresses:
        address = canonical_host(each.dns_name or '') or canonical_address(str(each.address.ip))
        # A wildcard in the DNS name of an address is no name to connect to.
        address = address if '*' not in address else canonical_address(str(each.address.ip))
        for port in ports:
            yield Proposal(
                assignment, address, port, _server_name(address, assignment.certificate), STARTTLS.get(port, '')
            )


def _tcp_ports(mappings: Iterable[str]) -> list[int]:
    """Return the TCP ports of ``tcp/443`` and the like."""
    found = (mapping.partition('/') for mapping in mappings)
    return sorted({int(port) for protocol, _slash, port in found if protocol == 'tcp' and port.isdecimal()})


def _port_in(note: str) -> int:
    match = PORT.search(note)
    port = int(match[1]) if match else DEFAULT_PORT
    return port if 0 < port <= MAX_PORT else DEFAULT_PORT


def _server_name(address: str, certificate) -> str:
    """Return the name to request: none if the certificate covers the address, else its first name without wildcard."""
    names = certificate.subject_alt_names
    if any(name in names for name in covering_names(address)):
        return ''
    return next((name for name in names if canonical_host(name) == name and '*' not in name), '')


def accept_proposals(keys: Iterable[str], monitor: str, user, limit: int) -> AddedEndpoints:
    """Add the endpoints with these keys, for ``monitor``, on behalf of ``user``; each by itself."""
    result = AddedEndpoints()
    wanted = dict.fromkeys(keys)
    pks = {int(pk) for key in wanted if (pk := key.partition(' ')[0]).isdecimal() and len(pk) < 19}
    with atomic():
        proposals = _proposals(_assignments(user).filter(pk__in=pks), user)
        proposed = {proposal.key: proposal for proposal in islice(proposals, limit)}
        for key in wanted:
            if key in proposed:
                _add(proposed[key], monitor, user, result)
            else:
                result.gone += 1
    return result


def _add(proposal: Proposal, monitor: str, user, result: AddedEndpoints) -> None:
    endpoint = proposal.endpoint(monitor)
    try:
        with savepoint():
            endpoint.full_clean()
            endpoint.save()
            if not Endpoint.objects.restrict(user, 'add').filter(pk=endpoint.pk).exists():
                raise PermissionsViolation()
    except REFUSALS as error:
        result.refused.append((proposal.label, explain(error)))
    else:
        result.added.append(endpoint)


def described(result: AddedEndpoints) -> list[tuple[str, str]]:
    """Return messages for the user: pairs of level (``success``, ``warning``, ``error``) and text."""
    lines = []
    if result.added:
        lines.append(('success', _('Added: {count}').format(count=len(result.added))))
    lines += [('error', f'{label}: {" ".join(messages)}') for label, messages in result.refused]
    if result.gone:
        lines.append(('warning', _('No longer suggested, so not added: {count}').format(count=result.gone)))
    if not lines:
        lines.append(('warning', _('No endpoints were selected.')))
    return lines
