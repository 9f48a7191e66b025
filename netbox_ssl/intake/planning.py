"""Which Certificate is it, and what is to be done with it? Nothing is written here."""

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.acme.detection import detect
from netbox_ssl.choices import CertificateStatusChoices
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.x509 import CertificateFacts, Leaf, lineage_key, name_key

from .results import Action, Plan

__all__ = ('action_on', 'lineage_keys', 'plan_leaf')


def plan_leaf(leaf: Leaf, user, certificate: Certificate | None = None, external_id: str = '') -> Plan:
    """
    Decide what is to be done with ``leaf`` on behalf of ``user``: the certificate named in the request, else the one
    that has this very X.509 certificate, else the one that ``external_id`` reports, else the only active one with the
    same names and key algorithm.

    Only certificates that the user may view are considered. Raises ValidationError where the X.509 certificate is
    recorded elsewhere than the request says, or where the user cannot see; PermissionDenied where the user cannot see
    what ``external_id`` stands for.
    """
    facts = leaf.facts
    plan = Plan(leaf, detect(facts, settings.catalogue()), Action.CREATED, source=_source(external_id, user))
    owner = _owner_of(facts, user)
    if certificate is not None and owner is not None and owner.pk != certificate.pk:
        message = _(
            'This X.509 certificate belongs to {owner} (ID {pk}) already. Leave out "certificate", or name that one.'
        )
        raise ValidationError({'certificate': message.format(owner=owner, pk=owner.pk)})
    plan.certificate = certificate or owner or _reported_by(plan.source, facts)
    if plan.certificate is None:
        plan.candidates = _same_lineage(facts, user)
        if len(plan.candidates) != 1:
            return plan
        plan.certificate, plan.candidates = plan.candidates[0], []
    plan.action = action_on(plan.certificate, facts, known=owner is not None)
    return plan


def _source(external_id: str, user) -> CertificateSource | None:
    source = CertificateSource.objects.filter(external_id=external_id).first() if external_id else None
    if source is None:
        return None
    if Certificate.objects.restrict(user, 'view').filter(pk=source.certificate_id).exists():
        return source
    raise PermissionDenied(
        _(
            'The external ID is in use where you do not have permission to view it. Choose another, or request '
            'permission.'
        )
    )


def _reported_by(source: CertificateSource | None, facts: CertificateFacts) -> Certificate | None:
    """
    What a source reports is a renewal of its certificate, also under other names; but where others report that
    certificate, too, other names mean that this one has parted from them.
    """
    if source is None:
        return None
    same_names = source.certificate.lineage in lineage_keys(facts)
    alone = not source.certificate.sources.exclude(pk=source.pk).exists()
    return source.certificate if same_names or alone else None


def _owner_of(facts: CertificateFacts, user) -> Certificate | None:
    """The certificate that has this very X.509 certificate, now or in its history."""
    fingerprint = facts.fingerprint_sha256
    pk = (
        Issuance.objects.filter(fingerprint_sha256=fingerprint).values_list('certificate', flat=True).first()
        or Certificate.objects.filter(fingerprint_sha256=fingerprint).values_list('pk', flat=True).first()
    )
    if pk is None:
        return None
    if owner := Certificate.objects.restrict(user, 'view').filter(pk=pk).first():
        return owner
    # Neither its name nor its id: the user may not see it.
    raise ValidationError(
        {
            'pem': _(
                'This X.509 certificate is already recorded where you do not have permission to view it. Nothing was '
                'changed. Ask an administrator for permission to view and change it.'
            )
        }
    )


def _same_lineage(facts: CertificateFacts, user) -> list[Certificate]:
    """Active certificates with the same names and key algorithm; where that was typed by hand it may be unknown."""
    certificates = Certificate.objects.restrict(user, 'view').filter(
        lineage__in=lineage_keys(facts), status=CertificateStatusChoices.STATUS_ACTIVE
    )
    return list(certificates.order_by('pk')[:20])


def lineage_keys(facts: CertificateFacts) -> set[str]:
    """What ``Certificate.lineage`` may hold where these facts renew it; typed by hand, it may lack the algorithm."""
    keys = {name_key(facts)}
    if facts.subject_alt_names:
        keys.add(lineage_key(facts.subject_alt_names, ''))
    return keys


def action_on(certificate: Certificate, facts: CertificateFacts, known: bool) -> str:
    """What importing ``facts`` does with its certificate; ``known``: it has them already, now or in its history."""
    if known and (certificate.pem or certificate.fingerprint_sha256 != facts.fingerprint_sha256):
        return Action.UNCHANGED
    if not certificate.pem or _age_key(facts) > _age_key(certificate):
        return Action.RENEWED
    return Action.HISTORY


def _age_key(facts) -> tuple:
    """Orders X.509 certificates from old to new, without ties, so that the order of arrival decides nothing."""
    return facts.valid_from, facts.valid_to, facts.fingerprint_sha256 or ''
