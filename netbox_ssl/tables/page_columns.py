"""Columns whose values are read for all rows of a page at once, restricted to what the user may view."""

import django_tables2 as tables
from django.db.models import QuerySet

__all__ = ('PageColumn',)


class PageColumn(tables.Column):
    """
    A column that runs its queries once for the whole page, when its first cell is rendered; in an export, once for all
    rows. Subclasses implement ``read()`` and, if the values do not belong to the rows themselves, set ``path``.
    """

    # The field of a row that contains the key of its value
    path = 'pk'

    def __init__(self, *args, **kwargs):
        # The values read for this table (NetBox gives each table a copy of the column), and their keys; None: all
        self._found, self._asked = {}, set()
        super().__init__(*args, **kwargs)

    def read(self, keys, user) -> dict:
        """Return key → value. ``keys`` is a list or a queryset; ``user`` views the table."""
        raise NotImplementedError

    def found_for(self, record, table):
        """Return the value for a row, or None if there is none."""
        # The table of the addresses of a prefix also has rows for free space; these have no key.
        key = self._key(record)
        if key and self._asked is not None and key not in self._asked:
            self._ask_with(key, table)
        return self._found.get(key)

    def _key(self, record):
        return getattr(record, self.path, None)

    def _keys(self, rows) -> list[int]:
        return [key for row in rows if (key := self._key(row))]

    def _ask_with(self, key: int, table) -> None:
        """Read the values for the page with this key; for all rows if no page has it (an export)."""
        page = getattr(table, 'page', None)
        keys = self._keys(page.object_list.data) if page else []
        self._asked = set(keys) if key in keys else None
        if self._asked is None:
            data = table.data.data
            keys = data.order_by().values(self.path) if isinstance(data, QuerySet) else self._keys(data)
        request = getattr(table, 'request', None)
        self._found = self.read(keys, request.user if request else None)
