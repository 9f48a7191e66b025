"""Renewals as an iCalendar feed (RFC 5545)."""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from netbox_ssl.choices import RenewalStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.places.deployment import Deployment, unreported
from netbox_ssl.x509 import visible

__all__ = ('DUE', 'EXPIRY', 'KINDS', 'OVERDUE', 'calendar_of', 'moments')

# Kinds of events: the client acts when a renewal is due, a person when it is overdue.
DUE, OVERDUE, EXPIRY = KINDS = ('due', 'overdue', 'expiry')
# What happens at an event: one of the kinds, or this one, which belongs to the kind EXPIRY
CHAIN_EXPIRY = 'chain'

PRODUCT = '-//NetBox SSL//Certificate renewals//EN'

# Suggested interval for calendar programs (RFC 7986 section 5.7)
REFRESH = timedelta(hours=1)


def moments(certificate: Certificate, kinds: Iterable[str], now: datetime) -> list[tuple[str, datetime]]:
    """
    Return (what, aware datetime) for each event of ``certificate`` among ``kinds``. A chain that expires first has an
    event of its own, of the kind ``EXPIRY``.
    """
    found = {EXPIRY: [(EXPIRY, certificate.valid_to)]}
    if certificate.chain_ends_first:
        found[EXPIRY].insert(0, (CHAIN_EXPIRY, certificate.chain_valid_to))
    if certificate.renewal_status_at(now) in (RenewalStatusChoices.OK, RenewalStatusChoices.DUE):
        found[DUE] = [(DUE, certificate.renewal_due_at)]
        found[OVERDUE] = [(OVERDUE, certificate.renewal_overdue_at)]
    return [event for kind in kinds for event in found.get(kind, ())]


def calendar_of(
    entries: Iterable[tuple[Certificate, str, datetime]],
    root: str,
    now: datetime,
    left_out: bool = False,
    deployments: dict[int, Deployment] | None = None,
) -> bytes:
    """
    Return an iCalendar object with an event for each of ``entries`` (certificate, what, aware datetime; ``moments()``).

    Args:
        root: URL of this NetBox without a trailing slash, the start of all links
        left_out: whether entries were omitted; the description of the calendar then mentions it
        deployments: ID of a certificate → its deployment; a bad state, or that no source reports the certificate any
            more, is added to its events
    """
    calendar = Calendar()
    calendar.add('prodid', PRODUCT)
    calendar.add('version', '2.0')
    calendar.add('method', 'PUBLISH')
    for name in ('name', 'x-wr-calname'):
        calendar.add(name, _('Certificate renewals'))
    description = _('When certificates in NetBox renew and expire.')
    if left_out:
        description += ' ' + _('Some entries are omitted; filter the feed to see them.')
    for name in ('description', 'x-wr-caldesc'):
        calendar.add(name, description)
    calendar.add('refresh-interval', REFRESH, parameters={'VALUE': 'DURATION'})
    calendar.add('x-published-ttl', 'PT1H')
    for certificate, what, moment in entries:
        deployment = (deployments or {}).get(certificate.pk) or unreported(certificate)
        calendar.add_component(_event(certificate, what, moment, root, now, deployment))
    return calendar.to_ical()


def _event(certificate: Certificate, what: str, moment: datetime, root: str, now: datetime, deployment) -> Event:
    url = root + certificate.get_absolute_url()
    event = Event()
    # The UID does not change with a renewal, so that the event moves instead of being added again.
    event.add('uid', str(uuid.uuid5(uuid.NAMESPACE_URL, f'{url}#{what}')))
    event.add('dtstamp', now)
    event.add('last-modified', certificate.last_updated)
    event.add('dtstart', moment)
    summary = _summary(what).format(name=visible(certificate.name))
    details = _details(certificate, now)
    if deployment and deployment.is_bad:
        bad = visible(deployment.label)
        summary += f' ({bad})'
        details.insert(0, _('Deployment: {state}').format(state=bad))
    event.add('summary', summary)
    event.add('description', '\n'.join(details))
    event.add('url', url)
    event.add('categories', [EXPIRY if what == CHAIN_EXPIRY else what])
    # Events do not block time.
    event.add('transp', 'TRANSPARENT')
    return event


def _summary(what: str) -> str:
    return {
        DUE: _('{name}: renewal due'),
        OVERDUE: _('{name}: renewal overdue if not renewed by now'),
        EXPIRY: _('{name}: certificate expires'),
        CHAIN_EXPIRY: _('{name}: its chain expires'),
    }[what]


def _details(certificate: Certificate, now: datetime) -> list[str]:
    lines = [_('Renewal status: {status}').format(status=certificate.renewal_status_at(now) or _('none'))]
    if certificate.chain_ends_first:
        # Whichever event it is: they are days apart.
        times = {'chain': certificate.chain_valid_to, 'end': certificate.valid_to}
        lines.append(_('Its chain is valid to {chain:%Y-%m-%d}, the certificate to {end:%Y-%m-%d}').format(**times))
    if certificate.acme_provider:
        lines.append(_('ACME provider: {name}').format(name=visible(certificate.acme_provider)))
    if certificate.tenant:
        lines.append(_('Tenant: {name}').format(name=visible(str(certificate.tenant))))
    names = certificate.subject_alt_names[:10]
    if names:
        more = len(certificate.subject_alt_names) - len(names)
        lines.append(_('Names: {names}').format(names=', '.join(map(visible, names))) + (f' (+{more})' if more else ''))
    return lines
