"""How long before its expiry a certificate is usually renewed, as its issuances tell."""

from django.apps import apps
from django.db.models import FloatField, Func

from .issuance_order import order_sql

__all__ = ('USUAL_RENEWAL', 'usual_renewal_sql')

# The annotation that usual_renewal_sql() is read under.
USUAL_RENEWAL = 'annotated_usual_renewal_days'


def usual_renewal_sql() -> Func:
    """
    Days (a float, negative after the expiry) that were left of an issuance when its successor began: the median over
    all renewals of a certificate, for one that somebody forced says nothing of what is usual. Null with fewer than two
    renewals: from one alone a habit cannot be told.

    A subquery for each row that is read, over the index of its certificate: give it to pages of a list, not to counts.
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
