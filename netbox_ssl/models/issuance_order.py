"""
The order of X.509 certificates from old to new, without ties: in Python, and the same in SQL.

``valid_from`` decides; if it is equal, ``valid_to``, and last the fingerprint. The order of arrival does not matter.
"""

from django.db.models import OuterRef, Q

__all__ = ('ORDER', 'age_key', 'newer_q', 'order_sql')

# Columns of an Issuance and of a Certificate, oldest first
ORDER = ('valid_from', 'valid_to', 'fingerprint_sha256')


def age_key(facts) -> tuple:
    """Return the key that sorts ``facts`` (a Certificate, an Issuance, or facts read from a PEM) from old to new."""
    return facts.valid_from, facts.valid_to, facts.fingerprint_sha256 or ''


def newer_q() -> Q:
    """Select the rows that are newer than the row of the outer query. Python twin: ``age_key``."""
    newer, equal = Q(), {}
    for column in ORDER:
        newer |= Q(**equal, **{f'{column}__gt': OuterRef(column)})
        equal[column] = OuterRef(column)
    return newer


def order_sql(table: str = '') -> str:
    """Return the columns for SQL, as a row to compare or sort by. Python twin: ``age_key``."""
    prefix = f'{table}.' if table else ''
    return f"{prefix}valid_from, {prefix}valid_to, COALESCE({prefix}fingerprint_sha256, '')"
