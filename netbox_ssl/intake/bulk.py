"""
Many at once. What is plainly new is written together (``creating.py``), and what is plainly known needs no writing;
everything else (renewals, settings changed, several of one lineage in one list) goes one by one.
"""

from collections import Counter

from django.core.exceptions import ValidationError

from netbox_ssl import settings
from netbox_ssl.acme.detection import detect
from netbox_ssl.branching import atomic
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.models.mixins.source_states import stamp_reports
from netbox_ssl.x509 import Leaf

from .bulk_create import create_together
from .locks import lock
from .planning import action_on, lineage_keys, plan_leaf
from .results import REFUSALS, Action, Item, Plan, Refusal, Result
from .single import differences, one_by_one, settings_of, still_new

__all__ = ('plan_many', 'take_in_many')


def take_in_many(items: list[Item], user) -> list[Result | Refusal]:
    """
    Import each of ``items`` as :func:`take_in` would, in one transaction; the answers are in the order of the items.

    An item that is refused leaves nothing behind and does not touch the others: who wants all or nothing rolls back.
    """
    results: dict[int, Result | Refusal] = {}
    with atomic():
        lock([item.leaf.facts for item in items], [item.external_id for item in items])
        survey = _Survey(items, user)
        new = [number for number, item in enumerate(items) if survey.is_plainly_new(item)]
        results.update(zip(new, create_together([items[number] for number in new], user), strict=True))
        results.update(_leave_alone(items, survey))
        for number, item in enumerate(items):
            if number not in results:
                results[number] = one_by_one(item, user)
    return [results[number] for number in range(len(items))]


def plan_many(leaves: list[Leaf], user) -> list[Plan | Refusal]:
    """What :func:`plan_leaf` says of each of ``leaves`` as if it came alone, or why it is refused, in their order."""
    items = [Item(leaf) for leaf in leaves]
    survey = _Survey(items, user)
    return [_plan(item, survey, user) for item in items]


def _plan(item: Item, survey: '_Survey', user) -> Plan | Refusal:
    leaf = item.leaf
    if survey.is_plainly_new(item):
        return Plan(leaf, detect(leaf.facts, settings.catalogue()), Action.CREATED)
    if certificate := survey.holder(item):
        action = action_on(certificate, leaf.facts, known=True)
        return Plan(leaf, detect(leaf.facts, settings.catalogue()), action, certificate)
    try:
        return plan_leaf(leaf, user)
    except REFUSALS as error:
        return Refusal(error)


class _Survey:
    """What is known of all items beforehand, in a handful of queries."""

    def __init__(self, items: list[Item], user):
        facts = [item.leaf.facts for item in items]
        self.repeated = Counter(key for each in facts for key in {*lineage_keys(each), each.fingerprint_sha256})
        self.repeated.update(item.external_id for item in items if item.external_id)
        fingerprints = {each.fingerprint_sha256 for each in facts}
        issuances = Issuance.objects.filter(fingerprint_sha256__in=fingerprints)
        self.owners = dict(issuances.values_list('fingerprint_sha256', 'certificate'))
        typed = Certificate.objects.filter(fingerprint_sha256__in=fingerprints)
        self.known = set(typed.values_list('fingerprint_sha256', flat=True)) | self.owners.keys()
        keys = {key for each in facts for key in lineage_keys(each)}
        self.lineages = set(Certificate.objects.filter(lineage__in=keys).values_list('lineage', flat=True))
        external_ids = {item.external_id for item in items if item.external_id}
        self.sources = {
            source.external_id: source for source in CertificateSource.objects.filter(external_id__in=external_ids)
        }
        visible = Certificate.objects.restrict(user, 'view').filter(pk__in=set(self.owners.values()))
        self.certificates = visible.prefetch_related('tags').in_bulk()

    def is_alone(self, item: Item) -> bool:
        """Whether no other item of the list could be about the same certificate."""
        facts = item.leaf.facts
        keys = {*lineage_keys(facts), facts.fingerprint_sha256, *filter(None, [item.external_id])}
        return all(self.repeated[key] == 1 for key in keys)

    def is_plainly_new(self, item: Item) -> bool:
        """Nothing has to be decided: no certificate, source or other item is in question."""
        facts = item.leaf.facts
        return (
            item.certificate is None
            and facts.fingerprint_sha256 not in self.known
            and not lineage_keys(facts) & self.lineages
            and item.external_id not in self.sources
            and self.is_alone(item)
        )

    def holder(self, item: Item) -> Certificate | None:
        """The visible certificate that holds the item's X.509 certificate, if nothing else is in question."""
        certificate = self.certificates.get(self.owners.get(item.leaf.facts.fingerprint_sha256))
        if certificate is None or not self.is_alone(item):
            return None
        if item.certificate is not None and item.certificate.pk != certificate.pk:
            return None
        if not item.external_id:
            return certificate
        source = self.sources.get(item.external_id)
        same = source is not None and source.certificate_id == certificate.pk and item.client in ('', source.client)
        return certificate if same else None


def _leave_alone(items: list[Item], survey: _Survey) -> dict[int, Result]:
    """The items that change nothing; their sources are stamped."""
    unchanged = {}
    stamped = []
    for number, item in enumerate(items):
        certificate = survey.holder(item)
        if certificate is None:
            continue
        try:
            if differences(certificate, still_new(certificate, item, settings_of(item))):
                continue
        except ValidationError:
            # For whoever goes through it one by one to say.
            continue
        detection = detect(item.leaf.facts, settings.catalogue())
        unchanged[number] = Result(Action.UNCHANGED, certificate, detection, warnings=certificate.get_warnings())
        if item.external_id:
            stamped.append((survey.sources[item.external_id], item.leaf.facts.fingerprint_sha256))
    _stamp(stamped)
    return unchanged


def _stamp(reports: list[tuple[CertificateSource, str]]) -> None:
    """Note that these sources reported these X.509 certificates (by fingerprint)."""
    if not reports:
        return
    fingerprints = {fingerprint for _, fingerprint in reports}
    issuances = dict(
        Issuance.objects.filter(fingerprint_sha256__in=fingerprints).values_list('fingerprint_sha256', 'pk')
    )
    stamp_reports([(source.pk, issuances[fingerprint]) for source, fingerprint in reports])
