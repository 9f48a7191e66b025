"""Columns that are written past ``save()``: what was announced, what the CA answered, what hosts reported."""

from django.db import models

__all__ = ('BookkeepingMixin',)


class BookkeepingMixin(models.Model):
    """
    For models with such columns. An instance may have been read before one of them was written, so a save takes them
    from the database, under a lock that lasts until its transaction ends; it never writes back what is outdated.
    """

    # Their names
    BOOKKEEPING = ()
    # Other columns whose stored values decide what becomes of them
    BOOKKEEPING_DEPENDS_ON = ()

    class Meta:
        abstract = True

    def take_bookkeeping(self, using: str) -> dict:
        """
        Set the bookkeeping of this instance to what is stored. Call it in a transaction.

        Returns:
            Name → stored value of these columns and of those they depend on; empty if there is no such row.
        """
        names = [self._meta.get_field(name).attname for name in (*self.BOOKKEEPING, *self.BOOKKEEPING_DEPENDS_ON)]
        rows = type(self)._base_manager.using(using).filter(pk=self.pk).order_by()
        stored = rows.select_for_update(no_key=True).values(*names).first() or {}
        for name in self.BOOKKEEPING:
            attname = self._meta.get_field(name).attname
            if attname in stored:
                setattr(self, attname, stored[attname])
        return stored
