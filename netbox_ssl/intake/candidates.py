"""The certificates that an X.509 certificate may renew, judged by its facts."""

from django.db.models import Case, Exists, OuterRef, QuerySet, When
from django.utils.translation import gettext as _

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate, CertificateSource

from .kinship import compatible_q, compatible_tenant, names_of, same_family
from .results import Candidate, Item

__all__ = ('MOST_CANDIDATES', 'find_candidates', 'fitting')

ACTIVE = CertificateStatusChoices.STATUS_ACTIVE

MOST_CANDIDATES = 10
# Certificates with the same names that are considered; with more, the result is uncertain anyway.
MOST_LOOKED_AT = 20
# Names shown in a reason
MOST_NAMES = 3


def fitting(item: Item, user) -> list[Certificate]:
    """
    Return the active certificates with the same names and key algorithm, a compatible tenant, and of the same CA.
    The first report of a source may only renew a certificate that no source reports: it was pasted before, or its
    sources are gone. One that a source of another certificate has unexpectedly is reported, too (``REPORTED`` in
    ``models/source_reports.py``): it may be the next one of that other certificate.
    """
    found = _active(user).filter(compatible_q(item), lineage__in=item.lineage_keys).order_by('pk')
    if item.external_id:
        sources = CertificateSource.objects.filter(gone_since__isnull=True)
        found = found.filter(
            ~Exists(sources.filter(certificate=OuterRef('pk'))),
            ~Exists(sources.filter(issuance__certificate=OuterRef('pk'))),
        )
    return [each for each in found[:MOST_LOOKED_AT] if same_family(item, each)]


def find_candidates(item: Item, user) -> list[Candidate]:
    """
    Return the likely predecessors, those with the same names first, each with the reason why it is uncertain. For a
    report, only those with the same key algorithm, because often several hosts order their own certificates. Revoked
    and retired ones come last: a revoked certificate is usually replaced.
    """
    same = Certificate.objects.restrict(user, 'view').filter(lineage__in=item.lineage_keys)
    same = list(same.order_by(Case(When(status=ACTIVE, then=0), default=1), '-valid_to', 'pk')[:MOST_LOOKED_AT])
    found = same if item.external_id else [*same, *_overlapping(item, user, {each.pk for each in same})]
    return [Candidate(each, _reason(item, each)) for each in found[:MOST_CANDIDATES]]


def _active(user) -> QuerySet:
    return Certificate.objects.restrict(user, 'view').filter(status=ACTIVE)


def _overlapping(item: Item, user, known: set[int]) -> list[Certificate]:
    """Return the certificates with names in common, those with most first."""
    if not item.facts.subject_alt_names:
        return []
    found = _active(user).filter(is_ca=item.facts.is_ca).exclude(pk__in=known)
    found = found.filter(subject_alt_names__overlap=list(item.facts.subject_alt_names))
    found = list(found.order_by('-valid_to', 'pk')[:MOST_LOOKED_AT])
    return sorted(found, key=lambda each: -len(item.names & names_of(each)))


def _reason(item: Item, certificate: Certificate) -> str:
    shared = item.names & names_of(certificate)
    if shared != item.names or shared != names_of(certificate):
        return _('It has names in common: {names}').format(names=_listed(shared))
    if certificate.status != ACTIVE:
        return _('It has the same names, but is marked {status}.').format(status=certificate.get_status_display())
    if certificate.key_algorithm not in ('', item.facts.key_algorithm):
        return _('It has the same names, but another type of key ({algorithm}).').format(
            algorithm=certificate.key_algorithm
        )
    if not compatible_tenant(item, certificate):
        return _('It has the same names, but another tenant ({tenant}).').format(tenant=certificate.tenant or _('none'))
    if not same_family(item, certificate):
        return _('It has the same names, but was issued by another CA ({issuer}).').format(
            issuer=certificate.acme_provider or certificate.issuer or _('unknown')
        )
    if item.external_id and certificate.sources.exists():
        return _('It has the same names, but other sources report it.')
    return _('It has the same names, but so have others.')


def _listed(names: frozenset[str]) -> str:
    listed = ', '.join(sorted(names)[:MOST_NAMES])
    return f'{listed}, …' if len(names) > MOST_NAMES else listed
