"""Columns with an object that the user may not be permitted to view, although the row is visible."""

from netbox_ssl.models.visibility import visible_value

from .text_columns import WrappedColumn

__all__ = ('RelatedColumn',)


class RelatedColumn(WrappedColumn):
    """
    A link to a related object, empty if the user may not view it (``models/visibility.py``).

    Args:
        path: the foreign key
        order: path of the column to sort by; rows without a visible object are last
    """

    def __init__(self, *args, path: str, order: str, **kwargs):
        self.path, self.by = path, order
        super().__init__(*args, accessor=f'visible_{path}', linkify=True, **kwargs)

    def order(self, queryset, is_descending):
        # Hidden names must not be revealed by their place in the list either.
        key = visible_value(queryset, self.path, self.by)
        ordered = key.desc(nulls_last=True) if is_descending else key.asc(nulls_last=True)
        return queryset.order_by(ordered, 'pk'), True
