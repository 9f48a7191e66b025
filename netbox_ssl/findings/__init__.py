"""
Findings: what may need attention about a certificate, whatever its validity.

    lifetimes.py   the longest lifetimes that the CA/Browser Forum allows
    rules.py       the findings that follow from the columns of a certificate, in Python and in SQL
    wildcards.py   wildcards on many hosts, which depends on sources and assignments
"""

from django.db.models import Q

from netbox_ssl.choices import FindingChoices

from .rules import RULES, findings_of
from .wildcards import wide_wildcard_q

__all__ = ('finding_q', 'findings_of')


def finding_q(finding: str, user=None, prefix: str = '') -> Q:
    """
    Select the certificates with a finding.

    Args:
        finding: one of ``FindingChoices``
        user: only sources and assignments that this user may view count; None: all do
        prefix: a lookup path that ends in ``__``, or empty
    """
    if finding == FindingChoices.WIDE_WILDCARD:
        return wide_wildcard_q(user, prefix)
    return RULES[finding].q(prefix)
