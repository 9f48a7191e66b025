"""Texts for pages and the REST API about the renewal information of a certificate."""

from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl.models import Certificate

from . import directories
from .eligibility import directory_url, why_never, why_switched_off

__all__ = ('Description', 'describe', 'why_not_now')


@dataclass(frozen=True)
class Description:
    """``why_none``: the reason why there is no window, or no update of it, in a sentence; '' if all is well."""

    why_none: str
    can_be_asked: bool


def describe(certificate: Certificate) -> Description:
    now = timezone.now()
    reason = why_switched_off() or why_never(certificate, now)
    if reason:
        return Description(reason, can_be_asked=False)
    if certificate.ari_error or certificate.has_ari:
        return Description('', can_be_asked=True)
    entry = directories.known(directory_url(certificate), now)
    if entry is not None and entry.unsupported:
        return Description(_('The CA offers no renewal information (RFC 9773). This is checked again daily.'), True)
    return Description(_('Not polled yet.'), can_be_asked=True)


# RFC 9773, section 4.3: at most one request per minute
AT_MOST_EVERY = 60


def why_not_now(certificate: Certificate) -> tuple[str, int]:
    """
    Return why the CA cannot be polled for it now, in a sentence, and after how many seconds it can be (0: waiting does
    not help); '' if it can.
    """
    now = timezone.now()
    if reason := why_switched_off() or why_never(certificate, now):
        return reason, 0
    if certificate.ari_last_checked is not None:
        left = AT_MOST_EVERY - int((now - certificate.ari_last_checked).total_seconds())
        if 0 < left <= AT_MOST_EVERY:
            message = _('The CA was polled less than a minute ago. Try again in {seconds} seconds.')
            return message.format(seconds=left), left
    return '', 0
