"""The validity in words: how long it lasts, or since when it is over."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import npgettext, pgettext

from netbox_ssl.choices import ValidityChoices

from .marks import DAY

__all__ = ('span_text', 'validity_text')

HOUR = timedelta(hours=1)


def validity_text(
    validity: str, valid_from: datetime, valid_to: datetime, now: datetime, chain_valid_to: datetime | None = None
) -> str:
    """
    Return the validity and the time that is left, in a few words, for example "Expires in 12 days". If the chain
    expires first, it is the time of the chain: clients refuse the certificate from then on.
    """
    if validity == ValidityChoices.EXPIRED:
        return _('Expired {span} ago').format(span=span_text(now - valid_to))
    if validity == ValidityChoices.NOT_YET_VALID:
        return _('Not yet valid, starts in {span}').format(span=span_text(valid_from - now))
    if chain_valid_to is not None and chain_valid_to < valid_to:
        if chain_valid_to < now:
            return _('Chain expired {span} ago').format(span=span_text(now - chain_valid_to))
        return _('Chain expires in {span}').format(span=span_text(chain_valid_to - now))
    return _('Expires in {span}').format(span=span_text(valid_to - now))


def span_text(span: timedelta) -> str:
    """
    Return a positive duration in whole days, or else hours, rounded down, as it is after "in" or before "ago": some
    languages inflect it there.
    """
    if days := span // DAY:
        return npgettext('in … / … ago', '{days} day', '{days} days', days).format(days=days)
    if hours := span // HOUR:
        return npgettext('in … / … ago', '{hours} hour', '{hours} hours', hours).format(hours=hours)
    return pgettext('in … / … ago', 'less than an hour')
