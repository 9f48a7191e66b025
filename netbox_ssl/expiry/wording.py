"""The validity in words: how long it lasts, or since when it is over."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import npgettext, pgettext

from netbox_ssl.choices import ValidityChoices

from .marks import DAY

__all__ = ('short_validity_text', 'span_text', 'validity_text')

HOUR = timedelta(hours=1)


def validity_text(
    validity: str, valid_from: datetime, valid_to: datetime, now: datetime, chain_valid_to: datetime | None = None
) -> str:
    """
    Return the validity and the time that is left, in a few words, for example "Expires in 12 days". If the chain
    expires first, it is the time of the chain: clients refuse the certificate from then on.
    """
    if validity == ValidityChoices.NOT_YET_VALID:
        return _('Not yet valid, starts in {span}').format(span=span_text(valid_from - now))
    template, span = _end(validity, valid_to, now, chain_valid_to)
    return template.format(span=span_text(span))


def short_validity_text(
    validity: str, valid_from: datetime, valid_to: datetime, now: datetime, chain_valid_to: datetime | None = None
) -> str:
    """Return the same in at most 27 characters, unless it is centuries: in search results, NetBox cuts longer texts."""
    if validity == ValidityChoices.NOT_YET_VALID:
        return _('Starts in {span}').format(span=_short_span_text(valid_from - now))
    template, span = _end(validity, valid_to, now, chain_valid_to)
    return template.format(span=_short_span_text(span))


def _end(validity: str, valid_to: datetime, now: datetime, chain_valid_to: datetime | None) -> tuple[str, timedelta]:
    """Return what ends or has ended first, with a place for the time until then or since; and that time."""
    if validity == ValidityChoices.EXPIRED:
        return _('Expired {span} ago'), now - valid_to
    if chain_valid_to is not None and chain_valid_to < valid_to:
        if chain_valid_to < now:
            return _('Chain expired {span} ago'), now - chain_valid_to
        return _('Chain expires in {span}'), chain_valid_to - now
    return _('Expires in {span}'), valid_to - now


def _short_span_text(span: timedelta) -> str:
    return span_text(span) if span >= HOUR else _('< 1 h')


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
