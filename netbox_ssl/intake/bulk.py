"""
Imports of many items at once. Clearly new certificates are written together (``bulk_create.py``), and clearly known
ones need no writing. Everything else (renewals, changed settings, several of one lineage in a list) is imported one at
a time.
"""

from collections import Counter

from django.core.exceptions import ValidationError
from django.db.models import F

from netbox_ssl.branching import atomic
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.source_reports import stamp_reports
from netbox_ssl.refusals import REFUSALS

from .attributes import TAG_KEYS, differences, effective_settings, extends_chain, tenant_warning
from .bulk_create import create_together
from .candidates import find_candidates
from .locks import lock
from .planning import plan_item
from .renamed_hosts import former_sources
from .results import Action, Candidate, Item, Plan, Refusal, Result
from .single import one_by_one
from .sources import changes, reports
from .succession import may_retake

__all__ = ('plan_many', 'take_in_many')


def take_in_many(items: list[Item], user) -> list[Result | Refusal]:
    """
    Import each of ``items`` as ``take_in()`` does, in one transaction. Return the results in the order of the items.

    A refused item stores nothing and does not affect the others. Callers roll back if they want all or nothing.
    """
    results: dict[int, Result | Refusal] = {}
    with atomic():
        lock(items)
        survey = _Survey(items, user)
        new = [number for number, item in enumerate(items) if survey.is_plainly_new(item)]
        candidates = {number: survey.candidates(items[number]) for number in new}
        results.update(zip(new, create_together([items[number] for number in new], user), strict=True))
        for number, found in candidates.items():
            if isinstance(results[number], Result):
                results[number].candidates = found
        results.update(_leave_alone(items, survey))
        for number, item in enumerate(items):
            if number not in results:
                results[number] = one_by_one(item, user)
    return [results[number] for number in range(len(items))]


def plan_many(items: list[Item], user) -> list[Plan | Refusal]:
    """Return the plan for each of ``items`` as if imported alone, or its refusal, in their order."""
    survey = _Survey(items, user)
    return [_plan(item, survey, user) for item in items]


def _plan(item: Item, survey: '_Survey', user) -> Plan | Refusal:
    if survey.is_plainly_new(item):
        return Plan(item, candidates=survey.candidates(item))
    if certificate := survey.holder(item):
        return Plan(item, Action.UNCHANGED, certificate)
    try:
        return plan_item(item, user)
    except REFUSALS as error:
        return Refusal(error)


class _Survey:
    """Existing data about all items, read in a handful of queries."""

    def __init__(self, items: list[Item], user):
        self.user = user
        self.repeated = Counter(key for item in items for key in _keys(item))
        fingerprints = {item.facts.fingerprint_sha256 for item in items}
        found = Issuance.objects.filter(fingerprint_sha256__in=fingerprints).order_by()
        # Fingerprint → ID of the issuance, and of its certificate
        self.issuances = {row[0]: row[1:] for row in found.values_list('fingerprint_sha256', 'pk', 'certificate')}
        self.known = self.issuances.keys() | _typed(fingerprints - self.issuances.keys())
        new = [item for item in items if item.facts.fingerprint_sha256 not in self.known]
        self.lineages = _lineages({key for item in new for key in item.lineage_keys})
        external_ids = {item.external_id for item in items if item.external_id}
        sources = CertificateSource.objects.annotate(
            reported=F('issuance__fingerprint_sha256'), reported_certificate=F('issuance__certificate')
        )
        self.sources = {source.external_id: source for source in sources.filter(external_id__in=external_ids)}
        self.concerned = Counter(pk for item in items for pk in self._concerned_by(item))
        self.unreportable = self._unreportable()
        self.former = former_sources(each for each in items if each.external_id not in self.sources)
        owners = {certificate for _issuance, certificate in self.issuances.values()}
        visible = Certificate.objects.restrict(user, 'view').filter(pk__in=owners)
        # Tags are only compared with given ones.
        if any(name in item.attributes for item in items for name in TAG_KEYS):
            visible = visible.prefetch_related('tags')
        self.certificates = visible.select_related('tenant').in_bulk()
        self.names = self._names_in_use([item for item in new if not item.external_id])

    def _concerned_by(self, item: Item) -> set[int]:
        """Return the certificates (IDs) that the item may change, or that have its X.509 certificate."""
        _issuance, owner = self.issuances.get(item.facts.fingerprint_sha256, (None, None))
        found = {owner, item.certificate and item.certificate.pk}
        if source := self.sources.get(item.external_id):
            found |= {source.certificate_id, source.reported_certificate}
        return found - {None}

    def _unreportable(self) -> set[int]:
        """Return the IDs of the sources that this user may not report."""
        others = {source.pk for source in self.sources.values() if not reports(self.user, source)}
        if not others:
            return others
        permitted = CertificateSource.objects.restrict(self.user, 'change').filter(pk__in=others)
        return others.difference(permitted.order_by().values_list('pk', flat=True))

    def _names_in_use(self, new: list[Item]) -> set[str]:
        """Return the names of new certificates that existing ones also have."""
        names = {name for item in new for name in item.facts.subject_alt_names}
        if not names:
            return set()
        others = Certificate.objects.restrict(self.user, 'view').filter(subject_alt_names__overlap=list(names))
        return names & {name for each in others.order_by().values_list('subject_alt_names', flat=True) for name in each}

    def candidates(self, item: Item) -> list[Candidate]:
        """Return likely predecessors of a clearly new item."""
        if item.external_id or not item.names & self.names:
            return []
        return find_candidates(item, self.user)

    def is_alone(self, item: Item) -> bool:
        """Return whether no other item of the list may belong to the same certificate."""
        return all(self.repeated[key] == 1 for key in _keys(item))

    def is_plainly_new(self, item: Item) -> bool:
        """Return whether the item is new and no certificate, source or other item may be related to it."""
        return (
            item.certificate is None
            and item.facts.fingerprint_sha256 not in self.known
            and not item.lineage_keys & self.lineages
            and item.external_id not in self.sources
            and item.external_id not in self.former
            and self.is_alone(item)
        )

    def holder(self, item: Item) -> Certificate | None:
        """
        Return the visible certificate that has the item's X.509 certificate, if nothing else may be related to it and
        its PEM has not been removed.
        """
        _issuance, owner = self.issuances.get(item.facts.fingerprint_sha256, (None, None))
        certificate = self.certificates.get(owner)
        if certificate is None or not certificate.pem or not self.is_alone(item):
            return None
        if self.concerned[certificate.pk] > 1:
            # Another item may change it before or after this one.
            return None
        if item.certificate is not None and item.certificate.pk != certificate.pk:
            return None
        if not item.external_id:
            return certificate
        source = self.sources.get(item.external_id)
        if source is None or {source.certificate_id, source.reported_certificate} != {certificate.pk}:
            return None
        if changes(item, source):
            return None
        if source.pk in self.unreportable:
            # Importing it alone reports the error.
            return None
        return None if may_retake(item, source.reported, certificate) else certificate


def _typed(fingerprints: set[str]) -> set[str]:
    """Return those of ``fingerprints`` that certificates without PEM have."""
    if not fingerprints:
        return set()
    found = Certificate.objects.filter(fingerprint_sha256__in=fingerprints).order_by()
    return set(found.values_list('fingerprint_sha256', flat=True))


def _lineages(keys: set[str]) -> set[str]:
    """Return those of ``keys`` that are lineages of certificates."""
    if not keys:
        return set()
    return set(Certificate.objects.filter(lineage__in=keys).order_by().values_list('lineage', flat=True))


def _keys(item: Item) -> set[str]:
    """Return keys that are disjoint for items of different certificates."""
    return {*item.lineage_keys, item.facts.fingerprint_sha256, *filter(None, [item.external_id])}


def _leave_alone(items: list[Item], survey: _Survey) -> dict[int, Result]:
    """Return the results of items that change nothing, and stamp their sources."""
    unchanged = {}
    stamped = []
    for number, item in enumerate(items):
        certificate = survey.holder(item)
        if certificate is None:
            continue
        try:
            given = effective_settings(item, certificate, is_known=True)
            if extends_chain(item, certificate) or differences(certificate, given):
                continue
        except ValidationError:
            # Importing it alone reports the error.
            continue
        tenant = filter(None, [tenant_warning(item, certificate)])
        warnings = [*tenant, *item.warnings, *certificate.get_warnings(item.facts)]
        unchanged[number] = Result(Action.UNCHANGED, certificate, item.detection, warnings=warnings)
        if item.external_id:
            issuance, _certificate = survey.issuances[item.facts.fingerprint_sha256]
            stamped.append((survey.sources[item.external_id].pk, issuance))
    stamp_reports(stamped)
    return unchanged
