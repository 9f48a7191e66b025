"""Renewals as a calendar (iCalendar, RFC 5545): what to subscribe to in any calendar program."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import visible

__all__ = ('DUE', 'EXPIRY', 'KINDS', 'OVERDUE', 'calendar_of', 'moments')

# What a calendar may show of a certificate. Due is the client's business, overdue is where a person has to look.
DUE, OVERDUE, EXPIRY = KINDS = ('due', 'overdue', 'expiry')

PRODUCT = '-//NetBox SSL//Certificate renewals//EN'

# How often a program asks again, if it follows the proposal (RFC 7986 section 5.7).
REFRESH = timedelta(hours=1)


def moments(certificate: Certificate, kinds: Iterable[str], now: datetime) -> list[tuple[str, datetime]]:
    """The entries of ``certificate`` among ``kinds``, each with its moment (aware datetime)."""
    status = certificate.renewal_status_at(now)
    renews = status in (RenewalStatusChoices.OK, RenewalStatusChoices.DUE)
    found = {EXPIRY: certificate.valid_to}
    if renews:
        found |= {DUE: certificate.renewal_due_at, OVERDUE: certificate.renewal_overdue_at}
    return [(kind, found[kind]) for kind in kinds if kind in found]


def calendar_of(
    entries: Iterable[tuple[Certificate, str, datetime]], root: str, now: datetime, left_out: bool = False
) -> bytes:
    """
    An iCalendar object with an event for each of ``entries``: certificate, kind, and moment.

    Args:
        root: URL of this NetBox without a slash at its end, which links begin with
        left_out: whether there were more than these, which the calendar's description then says
    """
    calendar = Calendar()
    calendar.add('prodid', PRODUCT)
    calendar.add('version', '2.0')
    calendar.add('method', 'PUBLISH')
    for name in ('name', 'x-wr-calname'):
        calendar.add(name, _('Certificate renewals'))
    description = _('When certificates in NetBox renew and expire.')
    if left_out:
        description += ' ' + _('There are more than these; filter the feed to see them.')
    for name in ('description', 'x-wr-caldesc'):
        calendar.add(name, description)
    calendar.add('refresh-interval', REFRESH, parameters={'VALUE': 'DURATION'})
    calendar.add('x-published-ttl', 'PT1H')
    for certificate, kind, moment in entries:
        calendar.add_component(_event(certificate, kind, moment, root, now))
    return calendar.to_ical()


def _event(certificate: Certificate, kind: str, moment: datetime, root: str, now: datetime) -> Event:
    url = root + certificate.get_absolute_url()
    event = Event()
    # The same through renewals: the event moves, instead of one more being added.
    event.add('uid', str(uuid.uuid5(uuid.NAMESPACE_URL, f'{url}#{kind}')))
    event.add('dtstamp', now)
    event.add('last-modified', certificate.last_updated)
    event.add('dtstart', moment)
    event.add('summary', _summary(kind).format(name=visible(certificate.name)))
    event.add('description', '\n'.join(_details(certificate, now)))
    event.add('url', url)
    event.add('categories', [kind])
    # Nobody is busy because a certificate expires.
    event.add('transp', 'TRANSPARENT')
    return event


def _summary(kind: str) -> str:
    return {
        DUE: _('{name}: renewal due'),
        OVERDUE: _('{name}: renewal overdue if not renewed by now'),
        EXPIRY: _('{name}: certificate expires'),
    }[kind]


def _details(certificate: Certificate, now: datetime) -> list[str]:
    lines = [_('Renewal status: {status}').format(status=certificate.renewal_status_at(now) or _('none'))]
    if certificate.acme_provider:
        lines.append(_('ACME provider: {name}').format(name=visible(certificate.acme_provider)))
    if certificate.tenant:
        lines.append(_('Tenant: {name}').format(name=visible(str(certificate.tenant))))
    names = certificate.subject_alt_names[:10]
    if names:
        more = len(certificate.subject_alt_names) - len(names)
        lines.append(_('Names: {names}').format(names=', '.join(map(visible, names))) + (f' (+{more})' if more else ''))
    return lines
