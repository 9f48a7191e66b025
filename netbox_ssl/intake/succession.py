"""Rules for which X.509 certificate of a Certificate is its current one."""

from datetime import datetime, timedelta

from django.utils import timezone

from netbox_ssl.choices import SourceKindChoices
from netbox_ssl.models import Certificate
from netbox_ssl.models.issuance_order import age_key

from .kinship import is_staging
from .results import Action, Item, Plan
from .sources import are_others_current, has_other_sources, is_current

__all__ = ('action_on', 'may_retake', 'replaces', 'retakes')

# CAs backdate, and some set every start to midnight: within this time, dates do not show which one is newer.
DATES_BLUR_WITHIN = timedelta(days=1)


def action_on(plan: Plan, is_known: bool) -> str:
    """
    Return what the import does with ``plan.certificate``.

    Args:
        is_known: whether the certificate already has it, now or in its history
    """
    certificate, facts = plan.certificate, plan.item.facts
    if not is_known:
        return Action.RENEWED if replaces(plan, certificate) else Action.HISTORY
    if certificate.fingerprint_sha256 == facts.fingerprint_sha256:
        # Recorded by hand without its PEM, which completes it
        return Action.UNCHANGED if certificate.pem else Action.RENEWED
    return Action.RENEWED if retakes(plan, certificate) else Action.UNCHANGED


def replaces(plan: Plan, certificate: Certificate, now: datetime | None = None) -> bool:
    """
    Return whether an X.509 certificate that ``certificate`` does not have yet becomes its current one.

    A later start of the validity decides. Otherwise the source decides: the last report of the only live client is what
    it has, even if it is backdated or from another CA, unless it has expired.
    """
    facts = plan.item.facts
    if not certificate.pem or facts.valid_from > certificate.valid_from:
        return True
    if facts.valid_to > (now or timezone.now()) and _is_what_it_has(plan, certificate):
        return True
    return age_key(facts) > age_key(certificate)


def _is_what_it_has(plan: Plan, certificate: Certificate) -> bool:
    source, item = plan.source, plan.item
    if not item.external_id:
        return False
    others = SourceKindChoices.CLIENT if plan.kind == SourceKindChoices.CLIENT else None
    if not has_other_sources(source, certificate, others):
        return True
    # It had the current one and now has another, although the dates do not show it.
    return is_current(source, certificate) and item.facts.valid_from == certificate.valid_from


def may_retake(item: Item, reported: str | None, certificate: Certificate) -> bool:
    """
    Return whether ``retakes()`` is possible at all, without a query.

    Args:
        reported: the fingerprint that the source reported last
    """
    facts = item.facts
    if not facts.fingerprint_sha256 == reported != certificate.fingerprint_sha256:
        return False
    if is_staging(certificate.acme_provider) and not is_staging(item.detection.provider):
        # A certificate tried on staging was not meant to be used.
        return True
    return facts.valid_from >= certificate.valid_from - DATES_BLUR_WITHIN


def retakes(plan: Plan, certificate: Certificate, now: datetime | None = None) -> bool:
    """
    Return whether an X.509 certificate in the history of ``certificate`` becomes the current one again: its only client
    has reported it twice in a row, and the dates do not show that it fell back to an older one. So late and repeated
    reports do no harm, and reports out of order are corrected.
    """
    source, facts = plan.source, plan.item.facts
    return (
        source is not None
        and plan.kind == SourceKindChoices.CLIENT
        and source.certificate_id == certificate.pk
        and may_retake(plan.item, source.issuance.fingerprint_sha256 if source.issuance else None, certificate)
        and facts.valid_to > (now or timezone.now())
        and not are_others_current(source, certificate)
    )
