"""How long before expiry a certificate is usually renewed, computed from its issuances."""

from django.apps import apps
from django.db.models import FloatField, Func

from .issuance_order import order_sql

__all__ = ('USUAL_RENEWAL', 'usual_renewal_sql')

# Name of the annotation for usual_renewal_sql()
USUAL_RENEWAL = 'annotated_usual_renewal_days'


def usual_renewal_sql() -> Func:
    """
    Return the expression for the usual days left (a float, negative after expiry) of an issuance when the validity of
    its successor starts: the median over all renewals of a certificate, so that a forced renewal hardly counts. Null
    with fewer than two renewals, because one renewal does not show a habit.

    It is a subquery for each row, over the index of its certificate: use it for pages of a list, not for counts.
    """
    issuances = apps.get_model('netbox_ssl', 'Issuance')._meta.db_table
    return Func(
        'pk',
        template=f"""(
            SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM remaining)) / 86400
            FROM (
                SELECT valid_to - lead(valid_from) OVER (ORDER BY {order_sql()}) AS remaining
                FROM {issuances}
                WHERE certificate_id = %(expressions)s
            ) AS renewals
            WHERE remaining IS NOT NULL
            HAVING count(*) >= 2
        )""",
        output_field=FloatField(null=True),
    )
