"""
The order of X.509 certificates from old to new, without ties: in Python, and in SQL beside it.

``valid_from`` decides; where it is equal, ``valid_to`` and at last the fingerprint do, so that the order of arrival
decides nothing.
"""

from django.db.models import OuterRef, Q

__all__ = ('ORDER', 'age_key', 'newer_q', 'order_sql')

# Columns of an Issuance and of a Certificate, oldest first
ORDER = ('valid_from', 'valid_to', 'fingerprint_sha256')


def age_key(facts) -> tuple:
    """Return what sorts ``facts``, a Certificate, an Issuance, or the facts read from a PEM, from old to new."""
    return facts.valid_from, facts.valid_to, facts.fingerprint_sha256 or ''


def newer_q() -> Q:
    """Rows that are newer than that of the outer query. Python twin: ``age_key``."""
    newer, equal = Q(), {}
    for column in ORDER:
        newer |= Q(**equal, **{f'{column}__gt': OuterRef(column)})
        equal[column] = OuterRef(column)
    return newer


def order_sql(table: str = '') -> str:
    """The columns for SQL, as a row that can be compared or sorted by. Python twin: ``age_key``."""
    prefix = f'{table}.' if table else ''
    return f"{prefix}valid_from, {prefix}valid_to, COALESCE({prefix}fingerprint_sha256, '')"
