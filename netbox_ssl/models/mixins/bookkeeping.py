"""Columns that are written without ``save()``: announcements, responses of CAs, reports of hosts."""

from django.db import models

__all__ = ('BookkeepingMixin',)


class BookkeepingMixin(models.Model):
    """
    A mixin for models with such columns. An instance may have been read before one of them was written, so ``save()``
    reads them from the database, with a lock until its transaction ends, and never writes outdated values.
    """

    # Names of the columns
    BOOKKEEPING = ()
    # Other columns whose stored values affect them
    BOOKKEEPING_DEPENDS_ON = ()

    class Meta:
        abstract = True

    def take_bookkeeping(self, using: str) -> dict:
        """
        Set the bookkeeping columns of this instance to the stored values. Call it in a transaction.

        Returns:
            Name → stored value of these columns and of the columns they depend on; empty if there is no such row.
        """
        names = [self._meta.get_field(name).attname for name in (*self.BOOKKEEPING, *self.BOOKKEEPING_DEPENDS_ON)]
        rows = type(self)._base_manager.using(using).filter(pk=self.pk).order_by()
        stored = rows.select_for_update(no_key=True).values(*names).first() or {}
        for name in self.BOOKKEEPING:
            attname = self._meta.get_field(name).attname
            if attname in stored:
                setattr(self, attname, stored[attname])
        return stored
