"""Times at the ends of the calendar, which NetBox shows in its own time zone."""

from netbox_ssl.x509.moments import moment

__all__ = ('MomentsMixin',)


class MomentsMixin:
    """Read the start and the end of the validity as times that can be converted to any time zone."""

    MOMENTS = ('valid_from', 'valid_to')

    @classmethod
    def from_db(cls, db, field_names, values, **options):
        instance = super().from_db(db, field_names, values, **options)
        for name in cls.MOMENTS:
            if (value := instance.__dict__.get(name)) is not None:
                instance.__dict__[name] = moment(value)
        return instance
