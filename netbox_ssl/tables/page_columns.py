"""Columns whose values are read for all rows of a page together, of what the user may see."""

import django_tables2 as tables
from django.db.models import QuerySet

__all__ = ('PageColumn',)


class PageColumn(tables.Column):
    """
    A column that asks once for the whole page, when its first cell is rendered; an export asks once for all rows.

    Subclasses say what is read (``read()``) and, if that is not of the rows themselves, of what (``path``).
    """

    # The field of a row that the values are read by.
    path = 'pk'

    def __init__(self, *args, **kwargs):
        # What was read for this table (NetBox gives each table a copy of the column), and for which keys; None: all
        self._found, self._asked = {}, set()
        super().__init__(*args, **kwargs)

    def read(self, keys, user) -> dict:
        """Return key → value. ``keys`` are a list or a queryset, ``user`` the one who sees the table."""
        raise NotImplementedError

    def found_for(self, record, table):
        """Return what was read for a row; None if that was nothing."""
        # The addresses of a prefix have rows for free space between them.
        key = self._key(record)
        if key and self._asked is not None and key not in self._asked:
            self._ask_with(key, table)
        return self._found.get(key)

    def _key(self, record):
        return getattr(record, self.path, None)

    def _keys(self, rows) -> list[int]:
        return [key for row in rows if (key := self._key(row))]

    def _ask_with(self, key: int, table) -> None:
        """Read for the page that has this key; if none has, an export goes through all rows."""
        page = getattr(table, 'page', None)
        keys = self._keys(page.object_list.data) if page else []
        self._asked = set(keys) if key in keys else None
        if self._asked is None:
            data = table.data.data
            keys = data.order_by().values(self.path) if isinstance(data, QuerySet) else self._keys(data)
        request = getattr(table, 'request', None)
        self._found = self.read(keys, request.user if request else None)
