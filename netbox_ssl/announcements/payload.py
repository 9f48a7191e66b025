"""
The event data about a certificate, with which its receiver can act without further requests: times, the sources that
report the certificate, the objects it is assigned to, and contacts.

A sweep announces many at a time: after ``prefetch()`` for all of them, none takes further queries.
"""

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from utilities.views import get_viewname

from netbox_ssl.models import Certificate, CertificateAssignment, CertificateSource, Endpoint
from netbox_ssl.models.assignments import host_of
from netbox_ssl.models.mixins.source_states import FROM_BAD_TO_GOOD
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql
from netbox_ssl.places.contacts import Called, read_served
from netbox_ssl.utilities import timestamp

__all__ = ('MOST_SOURCES', 'describe', 'describe_endpoint', 'describe_source', 'prefetch')

# A wildcard certificate may be on thousands of hosts, and receivers refuse large bodies. The rest is counted.
MOST_SOURCES = 50

# Attributes in which prefetch() stores the assignments and the sources of a certificate
SERVED = '_announced_served'
SOURCES = '_announced_sources'


def prefetch(certificates: list[Certificate]) -> None:
    """Read what ``describe()`` and the serializer need, in a few queries for all certificates; PEMs are not read."""
    usual = dict(
        Certificate.objects.filter(pk__in=[each.pk for each in certificates]).values_list('pk', usual_renewal_sql())
    )
    for certificate in certificates:
        setattr(certificate, USUAL_RENEWAL, usual.get(certificate.pk))
    sources = CertificateSource.objects.select_related('issuance').only(
        'certificate_id',
        'external_id',
        'client',
        'kind',
        'reported_at',
        *CertificateSource.STATE_FIELDS,
        'issuance__serial_number',
        'issuance__fingerprint_sha256',
        'issuance__valid_from',
        'issuance__valid_to',
    )
    # Into a list, because building a queryset for each certificate takes longer than reading the sources
    prefetch_related_objects(certificates, Prefetch('sources', sources, to_attr=SOURCES))
    served = read_served(certificates)
    for certificate in certificates:
        setattr(certificate, SERVED, served[certificate.pk])


def _is_prefetched(certificate: Certificate) -> bool:
    return hasattr(certificate, SERVED) and hasattr(certificate, SOURCES)


def describe(certificate: Certificate) -> dict:
    """
    Return the data that all announcements about a certificate contain: JSON types only, times by RFC 3339. Takes no
    query if the certificate was passed to ``prefetch()``.
    """
    if not _is_prefetched(certificate):
        prefetch([certificate])
    served = getattr(certificate, SERVED)
    # The worst first
    sources = sorted(getattr(certificate, SOURCES), key=_severity)
    return {
        'certificate': {
            'id': certificate.pk,
            'name': certificate.name,
            'url': reverse('plugins-api:netbox_ssl-api:certificate-detail', args=[certificate.pk]),
            'display_url': certificate.get_absolute_url(),
        },
        'valid_to': timestamp(certificate.valid_to),
        'chain_valid_to': timestamp(certificate.chain_valid_to),
        'chain_ends_first': certificate.chain_ends_first,
        'days_left': certificate.days_left,
        'renewal_instructions': certificate.renewal_instructions,
        'renewal_due_at': timestamp(certificate.renewal_due_at),
        'renewal_overdue_at': timestamp(certificate.renewal_overdue_at),
        'usual_renewal_days': certificate.usual_renewal_days,
        'sources': [describe_source(source) for source in sources[:MOST_SOURCES]],
        'sources_omitted': max(0, len(sources) - MOST_SOURCES),
        'assignments': [_assignment(assignment) for assignment in served.assignments],
        'assignments_omitted': served.total - len(served.assignments),
        'contacts': [_contact(called) for called in served.contacts],
    }


def _severity(source: CertificateSource) -> tuple:
    state = source.state
    return FROM_BAD_TO_GOOD.index(state) if state in FROM_BAD_TO_GOOD else len(FROM_BAD_TO_GOOD), source.external_id


def describe_source(source: CertificateSource) -> dict:
    """Return the place, the state and the X.509 certificate of a source."""
    issuance = source.issuance
    return {
        'external_id': source.external_id,
        'client': source.client,
        'place': source.place,
        'state': source.state,
        'state_since': timestamp(source.state_since),
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


def describe_endpoint(endpoint: Endpoint) -> dict:
    """Return the address, the last check and the object of an endpoint."""
    place = endpoint.assigned_object
    return {
        'address': endpoint.address,
        'port': endpoint.port,
        'server_name': endpoint.server_name,
        'monitor': endpoint.monitor or endpoint.checked_by,
        'detail': endpoint.result_detail,
        'checked_at': timestamp(endpoint.checked_at),
        'valid_to': timestamp(endpoint.valid_to),
        'served_by': place and _place(place, host_of(place)),
    }


def _assignment(assignment: CertificateAssignment) -> dict:
    return {
        **_place(assignment.assigned_object, assignment.host),
        'primary': assignment.primary,
        'note': assignment.note,
    }


def _place(place, host) -> dict:
    site = getattr(host or place, 'site', None)
    return {
        'type': place._meta.label_lower,
        'id': place.pk,
        'name': str(place),
        'url': reverse(get_viewname(place, 'detail', rest_api=True), args=[place.pk]),
        'display_url': place.get_absolute_url(),
        'host': host and str(host),
        'site': site and site.name,
    }


def _contact(called: Called) -> dict:
    contact = called.assignment.contact
    return {
        'name': contact.name,
        'title': contact.title,
        'role': called.assignment.role.name,
        'priority': called.assignment.priority or None,
        'email': contact.email,
        'phone': contact.phone,
        'via': called.via and str(called.via),
    }
