"""What comes next: renewals that are due, and certificates or chains that expire (the widget *Next Renewals*)."""

from datetime import datetime

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from netbox_ssl.acme.renewal import status_q
from netbox_ssl.acme.renewal_kinds import AUTOMATIC, MANUAL, NOT_ACME, active_q
from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.models.mixins.chains import CHAIN_ENDS_FIRST

from .first_to_expire import first_to_expire

__all__ = ('next_renewals',)


def next_renewals(
    certificates: QuerySet, now: datetime, count: int, is_acme_only: bool = False
) -> list[tuple[Certificate, datetime, str]]:
    """
    Return at least the first ``count`` of ``certificates`` by what happens next, if there are so many: certificate,
    moment, and what happens then unless it is that its renewal is due. A chain that has expired comes first.
    """
    due = certificates.filter(status_q(RenewalStatusChoices.OK, now)).order_by('renewal_due_at', 'pk')
    found = [(each, each.renewal_due_at, '') for each in due[:count]]
    ahead = certificates.filter(valid_to__gte=now)
    for kind in (MANUAL,) if is_acme_only else (MANUAL, NOT_ACME):
        expiring = first_to_expire(ahead.filter(active_q(kind)), count)
        found += [(each, each.marks_end, _what(each, now)) for each in expiring]
    chains = ahead.filter(CHAIN_ENDS_FIRST, active_q(AUTOMATIC)).order_by('chain_valid_to', 'pk')
    found += [(each, each.chain_valid_to, _what(each, now)) for each in chains[:count]]
    # Each once: of one certificate, the renewal may be due and the chain expire.
    first = {}
    for row in sorted(found, key=lambda row: (row[1], row[0].pk)):
        first.setdefault(row[0].pk, row)
    return list(first.values())


def _what(certificate: Certificate, now: datetime) -> str:
    """Return what happens to it at ``marks_end``, before words for the time until then, or since."""
    if not certificate.chain_ends_first:
        return _('expires')
    return _('its chain expired') if certificate.chain_valid_to < now else _('its chain expires')
