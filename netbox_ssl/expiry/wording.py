"""The validity in words: how long it lasts, or since when it is over."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import npgettext, pgettext

from netbox_ssl.choices import ValidityChoices

from .marks import DAY

__all__ = ('short_validity_text', 'span_text', 'validity_text')

HOUR = timedelta(hours=1)

# What happens to a certificate, or has happened
STARTS, EXPIRES, EXPIRED = 'starts', 'expires', 'expired'
CHAIN_EXPIRES, CHAIN_EXPIRED = 'chain_expires', 'chain_expired'


def validity_text(
    validity: str, valid_from: datetime, valid_to: datetime, now: datetime, chain_valid_to: datetime | None = None
) -> str:
    """
    Return the validity and the time that is left, in a few words, for example "Expires in 12 days". If the chain
    expires first, it is the time of the chain: clients refuse the certificate from then on.
    """
    words = {
        STARTS: _('Not yet valid, starts in {span}'),
        EXPIRED: _('Expired {span} ago'),
        CHAIN_EXPIRED: _('Chain expired {span} ago'),
        CHAIN_EXPIRES: _('Chain expires in {span}'),
        EXPIRES: _('Expires in {span}'),
    }
    what, span = _what_and_when(validity, valid_from, valid_to, now, chain_valid_to)
    return words[what].format(span=span_text(span))


def short_validity_text(
    validity: str, valid_from: datetime, valid_to: datetime, now: datetime, chain_valid_to: datetime | None = None
) -> str:
    """Return the same in at most 27 characters, if it is not centuries: NetBox cuts longer texts of search results."""
    words = {
        STARTS: pgettext('at most 27 characters', 'Starts in {span}'),
        EXPIRED: pgettext('at most 27 characters', 'Expired {span} ago'),
        CHAIN_EXPIRED: pgettext('at most 27 characters', 'Chain expired {span} ago'),
        CHAIN_EXPIRES: pgettext('at most 27 characters', 'Chain expires in {span}'),
        EXPIRES: pgettext('at most 27 characters', 'Expires in {span}'),
    }
    what, span = _what_and_when(validity, valid_from, valid_to, now, chain_valid_to)
    return words[what].format(span=span_text(span) if span >= HOUR else pgettext('less than one hour', '< 1 h'))


def _what_and_when(
    validity: str, valid_from: datetime, valid_to: datetime, now: datetime, chain_valid_to: datetime | None
) -> tuple[str, timedelta]:
    """Return what happens next or has happened, and the time until then or since."""
    if validity == ValidityChoices.EXPIRED:
        return EXPIRED, now - valid_to
    if validity == ValidityChoices.NOT_YET_VALID:
        return STARTS, valid_from - now
    if chain_valid_to is not None and chain_valid_to < valid_to:
        has_expired = chain_valid_to < now
        return (CHAIN_EXPIRED, now - chain_valid_to) if has_expired else (CHAIN_EXPIRES, chain_valid_to - now)
    return EXPIRES, valid_to - now


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
