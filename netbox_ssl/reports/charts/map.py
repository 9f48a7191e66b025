"""The surroundings of a certificate as a map: names, the certificate, where it is, and contacts, from left to right."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from netbox_ssl.reports.relations import Node, Relations
from netbox_ssl.x509 import visible

from .wording import percent

__all__ = ('Map', 'draw')

# In pixels
BOX_HEIGHT = 38
ROW_HEIGHT = 46
TOP_HEIGHT = 20
# In per cent of the width
BOX_WIDTH = 22.0
COLUMNS = (0.0, 26.0, 52.0, 78.0)
TITLES = (_('Names'), _('Certificate'), _('Where it is'), _('Contacts'))
NAMES, CERTIFICATE, PLACES, CONTACTS = range(4)


@dataclass(frozen=True)
class Box:
    node: Node
    # For screen readers, and as a tooltip: the text may be cut off
    name: str
    x: str
    y: int


@dataclass(frozen=True)
class Connector:
    x1: str
    x2: str
    y1: int
    y2: int


@dataclass(frozen=True)
class Map:
    boxes: list[Box]
    connectors: list[Connector]
    titles: list[tuple[str, str | Promise]]
    # Position, vertical position and text for objects that are not drawn
    omitted: list[tuple[str, int, str]]
    box_width: str
    box_height: int
    height: int


def draw(certificate, relations: Relations) -> Map:
    """Return the map of ``certificate`` with its relations."""
    columns = {
        NAMES: relations.names,
        CERTIFICATE: [_certificate_node(certificate)],
        PLACES: relations.places,
        CONTACTS: relations.contacts,
    }
    omitted = {
        NAMES: relations.omitted_names,
        PLACES: relations.omitted_places,
        CONTACTS: relations.omitted_contacts,
    }
    rows = max(len(nodes) + bool(omitted.get(column)) for column, nodes in columns.items())
    # Each column is centered.
    tops = {column: TOP_HEIGHT + (rows - len(nodes)) * ROW_HEIGHT // 2 for column, nodes in columns.items()}
    tops |= {column: TOP_HEIGHT for column, number in omitted.items() if number}
    return Map(
        boxes=[
            Box(node, _name(column, node), percent(COLUMNS[column]), tops[column] + number * ROW_HEIGHT)
            for column, nodes in columns.items()
            for number, node in enumerate(nodes)
        ],
        connectors=list(_connectors(columns, tops, relations)),
        titles=[(percent(COLUMNS[column]), TITLES[column]) for column, nodes in columns.items() if nodes],
        omitted=[
            (percent(COLUMNS[column]), TOP_HEIGHT + len(columns[column]) * ROW_HEIGHT + 16, _more(number))
            for column, number in omitted.items()
            if number
        ],
        box_width=percent(BOX_WIDTH),
        box_height=BOX_HEIGHT,
        height=TOP_HEIGHT + rows * ROW_HEIGHT,
    )


def _certificate_node(certificate) -> Node:
    return Node(
        certificate.pk,
        visible(certificate.name),
        certificate.get_absolute_url(),
        certificate.validity_text,
        certificate.get_validity_color(),
    )


def _name(column: int, node: Node) -> str:
    parts = [str(TITLES[column]), node.label, node.detail]
    return ': '.join(part for part in (parts[0], ', '.join(filter(None, parts[1:]))) if part)


def _connectors(columns, tops, relations: Relations) -> Iterator[Connector]:
    middle = {
        (column, node.key): tops[column] + number * ROW_HEIGHT + BOX_HEIGHT // 2
        for column, nodes in columns.items()
        for number, node in enumerate(nodes)
    }
    own = (CERTIFICATE, columns[CERTIFICATE][0].key)
    pairs = [((NAMES, node.key), own) for node in relations.names]
    pairs += [(own, (PLACES, node.key)) for node in relations.places]
    for place, contact in relations.called:
        start = own if place is None else (PLACES, place)
        pairs.append((start, (CONTACTS, contact)))
    for start, end in dict.fromkeys(pairs):
        if start in middle and end in middle:
            yield Connector(
                percent(COLUMNS[start[0]] + BOX_WIDTH), percent(COLUMNS[end[0]]), middle[start], middle[end]
            )


def _more(number: int) -> str:
    return ngettext('and {n} more', 'and {n} more', number).format(n=number)
