"""
What an announcement says of a certificate, so that whoever receives it can act without asking back: times, the places
that report the certificate, and whom to call.

A sweep announces many at a time: after ``prefetch()`` for all of them together, none costs a query of its own.
"""

from datetime import UTC, datetime

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from tenancy.choices import ContactPriorityChoices
from tenancy.models import ContactAssignment

from .models import Certificate, CertificateSource
from .models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql

__all__ = ('MOST_SOURCES', 'describe', 'prefetch', 'timestamp')

# A wildcard may be on thousands of hosts, and receivers refuse large bodies. "sources_omitted" counts the rest.
MOST_SOURCES = 50

# Whom to call first. An inactive contact is not to be called at all.
CALLED = (
    ContactPriorityChoices.PRIORITY_PRIMARY,
    ContactPriorityChoices.PRIORITY_SECONDARY,
    ContactPriorityChoices.PRIORITY_TERTIARY,
)


def timestamp(moment: datetime | None) -> str | None:
    """As the REST API writes it: RFC 3339, UTC, with a Z."""
    return None if moment is None else moment.astimezone(UTC).isoformat().replace('+00:00', 'Z')


def prefetch(certificates: list[Certificate]) -> None:
    """Read what ``describe()`` and the serializer need of all of them, in three queries; PEMs are not read."""
    usual = dict(
        Certificate.objects.filter(pk__in=[each.pk for each in certificates]).values_list('pk', usual_renewal_sql())
    )
    for certificate in certificates:
        setattr(certificate, USUAL_RENEWAL, usual.get(certificate.pk))
    sources = CertificateSource.objects.select_related('issuance').only(
        'certificate_id',
        'external_id',
        'client',
        'reported_at',
        'behind_since',
        'issuance__serial_number',
        'issuance__fingerprint_sha256',
        'issuance__valid_from',
        'issuance__valid_to',
    )
    contacts = ContactAssignment.objects.select_related('contact', 'role').only(
        'object_type_id',
        'object_id',
        'priority',
        'contact__name',
        'contact__title',
        'contact__email',
        'contact__phone',
        'role__name',
    )
    prefetch_related_objects(certificates, Prefetch('sources', sources), Prefetch('contacts', contacts))


def _is_prefetched(certificate: Certificate) -> bool:
    return {'sources', 'contacts'} <= getattr(certificate, '_prefetched_objects_cache', {}).keys()


def describe(certificate: Certificate) -> dict:
    """
    The part of an announcement that is the same whatever is announced. Nothing but JSON types; times are RFC 3339.

    Costs no query if the certificate was given to ``prefetch()``.
    """
    if not _is_prefetched(certificate):
        prefetch([certificate])
    # Hosts that a renewal has left behind come first.
    sources = sorted(certificate.sources.all(), key=lambda source: (not source.is_behind, source.external_id))
    return {
        'certificate': {
            'id': certificate.pk,
            'name': certificate.name,
            'url': reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[certificate.pk]),
            'display_url': certificate.get_absolute_url(),
        },
        'valid_to': timestamp(certificate.valid_to),
        'renewal_due_at': timestamp(certificate.renewal_due_at),
        'renewal_overdue_at': timestamp(certificate.renewal_overdue_at),
        'usual_renewal_days': certificate.usual_renewal_days,
        'sources': [_source(source) for source in sources[:MOST_SOURCES]],
        'sources_omitted': max(0, len(sources) - MOST_SOURCES),
        'contacts': _contacts(certificate),
    }


def _source(source: CertificateSource) -> dict:
    issuance = source.issuance
    return {
        'external_id': source.external_id,
        'client': source.client,
        'reported_at': timestamp(source.reported_at),
        'is_behind': source.is_behind,
        'issuance': issuance
        and {
            'serial_number': issuance.serial_number,
            'fingerprint_sha256': issuance.fingerprint_sha256,
            'valid_from': timestamp(issuance.valid_from),
            'valid_to': timestamp(issuance.valid_to),
        },
    }


def _contacts(certificate: Certificate) -> list[dict]:
    """Those assigned to the certificate itself: NetBox lets only nested groups inherit contacts."""
    inactive = ContactPriorityChoices.PRIORITY_INACTIVE
    assignments = [each for each in certificate.contacts.all() if each.priority != inactive]
    assignments.sort(key=lambda each: (_rank(each.priority), each.contact.name, each.pk))
    return [
        {
            'name': each.contact.name,
            'title': each.contact.title,
            'role': each.role.name,
            'priority': each.priority or None,
            'email': each.contact.email,
            'phone': each.contact.phone,
        }
        for each in assignments
    ]


def _rank(priority: str | None) -> int:
    return CALLED.index(priority) if priority in CALLED else len(CALLED)
