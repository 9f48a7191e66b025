"""Columns of names, dates and hexadecimal numbers, which keep a table from growing wider than the screen."""

import re

import django_tables2 as tables
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from netbox.tables import columns

__all__ = ('DayColumn', 'HexColumn', 'MomentColumn', 'WrappedColumn', 'short_hex', 'wrapped')

# Names break after their separators, such as the dots of a DNS name or the colons of an external ID.
LABEL = re.compile(r'[^.:/@,\s]*[.:/@,]*\s*')
# Characters that need no break, because they are less wide than the widest name
SHORT = 40
# Two lines, which end with an ellipsis if there are more
STYLE = (
    'min-width: 8.5rem; max-width: 18rem; overflow: hidden; overflow-wrap: break-word;'
    ' display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2'
)
# Digits shown of a number that is longer
FIRST, LAST = 8, 4


def wrapped(value):
    """
    Return a text, which takes at most two lines of 8.5 to 18 rem if it is long. It breaks between the labels of a name;
    within a label only if that is wider. Its title is the whole text.
    """
    text = str(value)
    if len(text) <= SHORT:
        return text
    labels = format_html_join('', '{}<wbr>', ((label,) for label in LABEL.findall(text) if label))
    return format_html('<span class="align-top" style="{}" title="{}">{}</span>', STYLE, text, labels)


def short_hex(digits: str) -> str:
    """Return the first and the last digits of a long hexadecimal number."""
    return digits if len(digits) <= FIRST + LAST + 2 else f'{digits[:FIRST]}…{digits[-LAST:]}'


class WrappedColumn(tables.Column):
    """A name or another text that may be long."""

    def render(self, value):
        return wrapped(value)

    def value(self, value):
        return str(value)


class MomentColumn(columns.DateTimeColumn):
    """A date and time to the minute, in one line. Exports contain it completely."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **{'timespec': 'minutes', 'attrs': {'td': {'class': 'text-nowrap'}}, **kwargs})


class DayColumn(MomentColumn):
    """The day of a date and time, for tables that are full. Its title is the time to the minute."""

    def render(self, value):
        moment = super().render(value)
        return format_html('<span title="{}">{}</span>', moment, moment.partition(' ')[0])


class HexColumn(tables.Column):
    """
    A serial number, fingerprint or key identifier: shortened, with a button that copies all of it.

    Args:
        is_link: whether it links to the object of the row
    """

    def __init__(self, *args, is_link: bool = False, **kwargs):
        self.is_link = is_link
        super().__init__(*args, **{'attrs': {'td': {'class': 'text-nowrap'}}, **kwargs})

    def render(self, record, value, bound_column):
        shown = format_html('<span class="font-monospace" title="{}">{}</span>', value, short_hex(value))
        if self.is_link:
            shown = format_html('<a href="{}">{}</a>', record.get_absolute_url(), shown)
        # NetBox's script copies for elements of this class.
        return format_html(
            '{} <button type="button" class="btn btn-sm btn-link p-0 ms-1 copy-content" data-clipboard-text="{}"'
            ' title="{copy}" aria-label="{copy}"><i class="mdi mdi-content-copy" aria-hidden="true"></i></button>',
            shown,
            value,
            copy=_('Copy {column}').format(column=bound_column.header),
        )

    def value(self, value):
        return value
