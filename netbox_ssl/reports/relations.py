"""What belongs to a certificate: the names it covers, where it is used, which hosts report it, and its contacts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Model
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from netbox_ssl.choices import SourceStateChoices
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.assignments import host_of
from netbox_ssl.places.contacts import Served
from netbox_ssl.x509 import visible

__all__ = ('Node', 'Relations', 'read_relations')

# Of each kind; the lists on the page have all of them.
MOST = 8


@dataclass(frozen=True)
class Node:
    """Something that is drawn as a box."""

    # Unique within its kind
    key: object
    label: str
    url: str
    # A second line, such as the kind of object
    detail: str = ''
    # A color of NetBox's theme
    color: str = 'secondary'


@dataclass(frozen=True)
class Relations:
    names: list[Node]
    places: list[Node]
    contacts: list[Node]
    # Pairs of the key of a place and the key of a contact; None as the place: the certificate itself
    called: list[tuple[object, object]] = field(default_factory=list)
    omitted_names: int = 0
    omitted_places: int = 0
    omitted_contacts: int = 0

    @property
    def any(self) -> bool:
        return bool(self.names or self.places or self.contacts)


def read_relations(certificate: Certificate, served: Served, user, now: datetime) -> Relations:
    """
    Return the relations of a certificate, as far as ``user`` may view the objects.

    Args:
        served: the objects that use it, and its contacts, read for this user
    """
    used = [_of_assignment(each) for each in served.assignments]
    sources = CertificateSource.objects.restrict(user, 'view').filter(certificate=certificate)
    reporting = [_of_source(each, now) for each in sources.order_by('external_id')[: MOST + 1]]
    places = [*used, *reporting]
    total = served.total + (len(reporting) if len(reporting) <= MOST else sources.count())
    contacts, called = _contacts(served, user)
    names = certificate.subject_alt_names
    return Relations(
        names=[_of_name(name) for name in names[:MOST]],
        places=places[:MOST],
        contacts=contacts[:MOST],
        called=called,
        omitted_names=max(0, len(names) - MOST),
        omitted_places=max(0, total - MOST),
        omitted_contacts=max(0, len(contacts) - MOST),
    )


def _of_name(name: str) -> Node:
    query = urlencode({'name': name})
    return Node(name, visible(name), f'{reverse("plugins:netbox_ssl:by_name")}?{query}', color='blue')


def _of_assignment(assignment) -> Node:
    place = assignment.assigned_object
    host = host_of(place)
    kind = str(place._meta.verbose_name)
    return Node(
        _key(place),
        visible(str(place)),
        place.get_absolute_url(),
        _('{kind} on {host}').format(kind=kind, host=host) if host else kind,
    )


def _of_source(source: CertificateSource, now: datetime) -> Node:
    state = source.state_at(now)
    return Node(
        _key(source),
        visible(source.place),
        source.get_absolute_url(),
        ' · '.join(str(each) for each in (source.client, dict(SourceStateChoices).get(state)) if each),
        SourceStateChoices.colors.get(state, 'secondary'),
    )


def _contacts(served: Served, user) -> tuple[list[Node], list[tuple[object, object]]]:
    if not user.has_perms(['tenancy.view_contactassignment', 'tenancy.view_contact']):
        return [], []
    nodes = {}
    for called in served.contacts:
        contact = called.assignment.contact
        nodes.setdefault(
            contact.pk, Node(contact.pk, str(contact), contact.get_absolute_url(), str(called.assignment.role or ''))
        )
    return list(nodes.values()), list(_calls(served))


def _calls(served: Served) -> Iterator[tuple[object, object]]:
    """Yield where each contact is from: the certificate, an object that uses it, or the host of one."""
    for called in served.contacts:
        contact = called.assignment.contact_id
        if called.via is None:
            yield None, contact
            continue
        for assignment in served.assignments:
            place = assignment.assigned_object
            if called.via in (place, host_of(place)):
                yield _key(place), contact


def _key(instance: Model) -> tuple[str, int]:
    return instance._meta.label_lower, instance.pk
