"""The certificates that an X.509 certificate may renew, judged by what it says itself."""

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate

from .kinship import compatible_tenant, names_of, same_family
from .results import Candidate, Item

__all__ = ('MOST_CANDIDATES', 'find_candidates', 'fitting')

MOST_CANDIDATES = 10
# Certificates of the same names that are looked at; with more, nothing is certain anyway.
MOST_LOOKED_AT = 20
# Names in a reason
MOST_NAMES = 3


def fitting(item: Item, user) -> list[Certificate]:
    """
    Return the active certificates with the same names and key algorithm, a compatible tenant, and of the same CA.
    What a source reports for the first time may renew such a one only that has no sources: it was pasted before.
    """
    found = _active(user).filter(lineage__in=item.lineage_keys).order_by('pk')
    if item.external_id:
        found = found.filter(sources__isnull=True)
    return [each for each in found[:MOST_LOOKED_AT] if compatible_tenant(item, each) and same_family(item, each)]


def find_candidates(item: Item, user) -> list[Candidate]:
    """
    Return the likely predecessors, each with the reason why it was not taken for one: first those with the same names.
    Of what a source reports, those with the same key algorithm only: hosts that each order for themselves are usual.
    """
    same = list(_active(user).filter(lineage__in=item.lineage_keys).order_by('-valid_to', 'pk')[:MOST_LOOKED_AT])
    found = same if item.external_id else [*same, *_overlapping(item, user, {each.pk for each in same})]
    return [Candidate(each, _reason(item, each)) for each in found[:MOST_CANDIDATES]]


def _active(user) -> QuerySet:
    return Certificate.objects.restrict(user, 'view').filter(status=CertificateStatusChoices.STATUS_ACTIVE)


def _overlapping(item: Item, user, known: set[int]) -> list[Certificate]:
    """Those with a name in common, most of them first."""
    if not item.facts.subject_alt_names:
        return []
    found = _active(user).filter(subject_alt_names__overlap=list(item.facts.subject_alt_names)).exclude(pk__in=known)
    found = list(found.order_by('-valid_to', 'pk')[:MOST_LOOKED_AT])
    return sorted(found, key=lambda each: -len(item.names & names_of(each)))


def _reason(item: Item, certificate: Certificate) -> str:
    shared = item.names & names_of(certificate)
    if shared != item.names or shared != names_of(certificate):
        return _('It has names in common: {names}').format(names=_listed(shared))
    if certificate.key_algorithm not in ('', item.facts.key_algorithm):
        return _('It has the same names, and another type of key ({algorithm}).').format(
            algorithm=certificate.key_algorithm
        )
    if not compatible_tenant(item, certificate):
        return _('It has the same names, and another tenant ({tenant}).').format(tenant=certificate.tenant or _('none'))
    if not same_family(item, certificate):
        return _('It has the same names, and another CA has issued it ({issuer}).').format(
            issuer=certificate.acme_provider or certificate.issuer or _('unknown')
        )
    if item.external_id and certificate.sources.exists():
        return _('It has the same names, and others report it.')
    return _('It has the same names, as others have.')


def _listed(names: frozenset[str]) -> str:
    listed = ', '.join(sorted(names)[:MOST_NAMES])
    return f'{listed}, …' if len(names) > MOST_NAMES else listed
