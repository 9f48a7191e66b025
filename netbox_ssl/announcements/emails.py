"""The e-mail about an event: its text, its recipients, and sending it through NetBox's mail server (``EMAIL``)."""

from dataclasses import dataclass
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils.dateparse import parse_datetime
from netbox.events import get_event_text
from tenancy.choices import ContactPriorityChoices
from tenancy.models import ContactAssignment

from netbox_ssl.models import Certificate, CertificateSource, Endpoint
from netbox_ssl.settings import netbox_url

from .payload import describe

__all__ = ('Message', 'contact_addresses', 'member_addresses', 'send_email', 'write')

# Most sources, assignments and contacts in a message
MOST_LINES = 10


@dataclass(frozen=True)
class Message:
    """An e-mail, written when the event happens, so that the job that sends it needs no queries."""

    subject: str
    body: str
    # In addition to the standard headers
    headers: dict[str, str]


def member_addresses(group) -> list[str]:
    """Return the addresses of the active members of a notification group, each once."""
    return _each_once(user.email for user in group.members if user.is_active)


def contact_addresses(event_context, data: dict) -> list[str]:
    """Return the addresses of the contacts of the object of an event, primary contacts first, each once."""
    announcement = data.get('announcement') or {}
    contacts = announcement.get('contacts')
    if contacts is not None:
        return _each_once(contact['email'] for contact in contacts)
    found = event_context.get('object')
    if isinstance(found, CertificateSource):
        found = found.certificate
    if isinstance(found, Endpoint):
        found = found.expected_certificate or found.certificate
    if isinstance(found, Certificate) and found.pk:
        return _each_once(contact['email'] for contact in describe(found)['contacts'])
    assignments = ContactAssignment.objects.filter(
        object_type=event_context['object_type'], object_id=event_context['object_id']
    ).exclude(priority=ContactPriorityChoices.PRIORITY_INACTIVE)
    return _each_once(assignments.order_by('pk').values_list('contact__email', flat=True))


def _each_once(addresses) -> list[str]:
    """Drop repetitions and invalid addresses."""
    return list(dict.fromkeys(address for address in addresses if address and '@' in parseaddr(address)[1]))


def write(event_context, data: dict, event_rule) -> Message:
    """
    Write the message about an event.

    Args:
        event_context: as NetBox passes it to actions
        data: event data; announcements contain more (docs/reference/event-data.md)
    """
    announcement = data.get('announcement') or {}
    context = {
        'display': _one_line(data.get('display') or ''),
        'what': str(get_event_text(event_context['event_type']) or event_context['event_type']),
        'object_type': str(event_context['object_type']),
        'status': data.get('renewal_status'),
        'previous_status': announcement.get('previous_status'),
        'validity': announcement.get('validity'),
        'about_validity': _is_about_validity(announcement),
        'mark': announcement.get('mark'),
        'instructions': announcement.get('renewal_instructions') or data.get('renewal_instructions'),
        'source': announcement.get('source'),
        'endpoint': announcement.get('endpoint'),
        'result': announcement.get('result'),
        'held_until': _time(((announcement.get('source') or {}).get('issuance') or {}).get('valid_to')),
        'since': _time(announcement.get('since')),
        'valid_to': _time(announcement.get('valid_to') or data.get('valid_to')),
        'chain_valid_to': _earlier_end_of_chain(announcement, data),
        **_renewal_times(announcement, data),
        'sources': announcement.get('sources', [])[:MOST_LINES],
        'assignments': announcement.get('assignments', [])[:MOST_LINES],
        'contacts': announcement.get('contacts', [])[:MOST_LINES],
        'url': _link(event_context),
        'rule': _one_line(event_rule.name),
    }
    subject = _one_line(render_to_string('netbox_ssl/emails/subject.txt', context))
    body = render_to_string('netbox_ssl/emails/body.txt', context)
    return Message(settings.EMAIL_SUBJECT_PREFIX + subject, body, _headers(event_context, announcement))


def _is_about_validity(announcement: dict) -> bool:
    """Return whether an event notifies of the validity, and not of the renewal status alone."""
    return 'mark' in announcement or announcement.get('previous_validity') != announcement.get('validity')


def _earlier_end_of_chain(announcement: dict, data: dict) -> str:
    """Return when the chain expires if that is before the certificate; else an empty text."""
    for each in (announcement, data):
        if each.get('chain_ends_first'):
            return _time(each.get('chain_valid_to'))
    return ''


def _renewal_times(announcement: dict, data: dict) -> dict[str, str]:
    """Return when a client is expected to renew the certificate; nothing if it is not an active ACME certificate."""
    # Of a source or an endpoint; objects of other plugins may have anything else under these names.
    related = [data.get(key) for key in ('certificate', 'expected_certificate')]
    certificate = next((each for each in related if isinstance(each, dict)), data)
    if not certificate.get('renewal_status'):
        return {}
    return {
        name: _time(announcement.get(key) or data.get(key))
        for name, key in (('due', 'renewal_due_at'), ('overdue', 'renewal_overdue_at'))
    }


def _headers(event_context, announcement: dict) -> dict[str, str]:
    """
    Return headers that suppress automatic replies (RFC 3834, section 5), put messages about one object in one thread,
    and let mail programs recognize a repeated announcement by its Message-ID (RFC 5322, section 3.6.4).
    """
    domain = parseaddr(settings.SERVER_EMAIL or '')[1].partition('@')[2] or 'localhost'
    thread = f'<{event_context["object_type"].model}-{event_context["object_id"]}.netbox-ssl@{domain}>'
    headers = {'Auto-Submitted': 'auto-generated', 'In-Reply-To': thread, 'References': thread}
    if announcement.get('id'):
        headers['X-NetBox-SSL-Announcement'] = announcement['id']
        headers['Message-ID'] = f'<{announcement["id"]}@{domain}>'
    return headers


def _link(event_context) -> str:
    """Return the URL of the object; only its path if the setting ``netbox_url`` is empty."""
    found = event_context.get('object')
    try:
        path = found.get_absolute_url()
    except (AttributeError, NoReverseMatch):
        path = reverse('home')
    return netbox_url() + path


def _time(value) -> str:
    """Format a time to the minute, in UTC as everywhere in event data."""
    moment = parse_datetime(value) if isinstance(value, str) else value
    return moment.strftime('%Y-%m-%d %H:%M %Z') if moment else ''


def _one_line(text: str) -> str:
    """Replace line breaks, which would end a header."""
    return ' '.join(str(text).split())


def send_email(address: str, message: Message) -> None:
    """RQ job: pass one message to the mail server. Raises ``smtplib.SMTPException`` or ``OSError``; RQ retries it."""
    EmailMessage(
        subject=message.subject,
        body=message.body,
        from_email=settings.SERVER_EMAIL,
        to=[address],
        headers=message.headers,
    ).send()
