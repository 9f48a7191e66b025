"""Detect whether a certificate was issued over ACME, by which provider, and with which confidence."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from netbox_ssl.x509.extensions import STEP_PROVISIONER
from netbox_ssl.x509.facts import CertificateFacts
from netbox_ssl.x509.text import Message, gettext_noop

from .providers import CONFIDENCES, Catalogue, Match, Provider, Rule

# ``type`` of an ACME provisioner in Smallstep's extension.
STEP_ACME = 6

# Recognised by the extension alone; the issuer has the operator's name.
STEP_RULE = Rule('certain')

# Confidence → why the issuer's name counts
ISSUER_TEMPLATES = {
    'certain': gettext_noop('Its issuer is “%(issuer)s”, which issues only over ACME.'),
    'likely': gettext_noop('Its issuer is “%(issuer)s”, which issues mostly over ACME.'),
    'possible': gettext_noop('Its issuer is “%(issuer)s”, which issues over ACME and in other ways.'),
    'none': gettext_noop('Its issuer is “%(issuer)s”, which does not issue over ACME.'),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One property of the certificate and why it counts; ``kind`` is stable, ``text`` is for people."""

    kind: str
    text: Message


@dataclass(frozen=True, slots=True)
class Detection:
    """The result of the detection for one certificate."""

    # Name from the catalogue; '' when nothing points to a provider.
    provider: str
    # ``certain``, ``likely``, ``possible`` or ``none``.
    confidence: str
    # Strongest first.
    evidence: tuple[Evidence, ...] = ()
    # Notes for the user about this provider or this result
    notices: tuple[Message, ...] = ()
    # The provider's ACME directory; '' when it is not known or there are several.
    directory_url: str = ''

    @property
    def is_acme(self) -> bool:
        """Return whether the confidence is certain or likely; "possible" is only a suggestion."""
        return self.confidence in ('certain', 'likely')

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary with all fields and ``is_acme``."""
        return {
            'provider': self.provider,
            'confidence': self.confidence,
            'is_acme': self.is_acme,
            'evidence': [{'kind': evidence.kind, 'text': str(evidence.text)} for evidence in self.evidence],
            'notices': [str(notice) for notice in self.notices],
            'directory_url': self.directory_url,
        }


class Finding(NamedTuple):
    """Evidence, and the rule that it comes from."""

    match: Match
    confidence: str
    evidence: Evidence


def detect(facts: CertificateFacts, catalogue: Catalogue) -> Detection:
    """
    Return which ACME provider issued the certificate, with which confidence, and why.

    The strongest evidence names the provider: the operator's settings, Smallstep's extension, the authority key
    ID, the hosts of AIA and CRL, and last the issuer's name, which any private CA can choose freely.
    """
    if facts.is_ca:
        text = Message('ca', gettext_noop('It is a CA certificate; those are not issued over ACME.'))
        return Detection('', 'none', (Evidence('ca', text),))
    if facts.step_provisioner_type not in (None, STEP_ACME):
        return Detection('', 'none', (_other_provisioner(facts.step_provisioner_type),))
    findings = list(_find(facts, catalogue))
    if not findings:
        return Detection('', 'none')
    evidence = tuple(finding.evidence for finding in findings)
    confidence = _confidence(findings)
    if confidence == 'none':
        return Detection('', 'none', evidence)
    provider = findings[0].match.provider
    notices = []
    if _is_contradicted(findings[0], facts, catalogue):
        confidence = CONFIDENCES[CONFIDENCES.index(confidence) - 1]
        notices.append(_contradiction(provider))
    notices += _notices(provider)
    return Detection(
        # Below "possible" there is nothing to suggest.
        '' if confidence == 'none' else provider.name,
        confidence,
        evidence,
        tuple(notices),
        '' if confidence == 'none' else _directory_url(findings),
    )


def _find(facts: CertificateFacts, catalogue: Catalogue) -> Iterator[Finding]:
    """Yield everything that points to a provider, strongest first."""
    issuer = (facts.issuer_organization, facts.issuer_common_name, facts.issuer_organizational_unit)
    if match := catalogue.match_settings(*issuer, facts.authority_key_id):
        text = gettext_noop('The settings of NetBox SSL name this issuer as %(provider)s.')
        yield _finding(match, facts, 'settings', text, provider=match.provider.name)
    by_issuer = catalogue.match_issuer(*issuer)
    if facts.step_provisioner_type == STEP_ACME:
        is_caddy = by_issuer is not None and by_issuer.provider.name == 'Caddy'
        match = Match(by_issuer.provider if is_caddy else catalogue.provider('step-ca'), STEP_RULE)
        text = gettext_noop('It has the extension %(oid)s of Smallstep, which says that it was issued over ACME.')
        yield _finding(match, facts, 'step_extension', text, oid=STEP_PROVISIONER)
    if known := catalogue.match_key_id(facts.authority_key_id):
        match, intermediate = known
        text = gettext_noop('Its authority key identifier is that of the intermediate “%(name)s” of %(provider)s.')
        name, provider = intermediate.common_name, match.provider.name
        yield _finding(match, facts, 'authority_key_id', text, name=name, provider=provider)
    if pointer := _first_host(facts, catalogue):
        match, url = pointer
        text = gettext_noop('It points to %(url)s, a host of %(provider)s.')
        yield _finding(match, facts, 'host', text, url=url, provider=match.provider.name)
    if by_issuer:
        text = ISSUER_TEMPLATES[by_issuer.rule.confidence_for(facts.valid_to - facts.valid_from)]
        yield _finding(by_issuer, facts, 'issuer', text, issuer=facts.issuer)


def _finding(match: Match, facts: CertificateFacts, kind: str, template: str, **params: str) -> Finding:
    confidence = match.rule.confidence_for(facts.valid_to - facts.valid_from)
    return Finding(match, confidence, Evidence(kind, Message(kind, template, **params)))


def _other_provisioner(kind: int) -> Evidence:
    text = Message(
        'step_extension',
        gettext_noop('It has the extension %(oid)s of Smallstep with provisioner type %(type)d, which is not ACME.'),
        oid=STEP_PROVISIONER,
        type=kind,
    )
    return Evidence('step_extension', text)


def _first_host(facts: CertificateFacts, catalogue: Catalogue) -> tuple[Match, str] | None:
    for url in (*facts.aia_urls, *facts.crl_urls):
        if match := catalogue.match_url(url):
            return match, url
    return None


def _confidence(findings: Sequence[Finding]) -> str:
    """
    Return the confidence in the provider of the first finding.

    Evidence that identifies the issuer itself decides. A host often serves several issuers of a provider, so the
    issuer's name may give a higher confidence than the host.
    """
    first = findings[0]
    if any(finding.evidence.kind == 'step_extension' for finding in findings):
        return 'certain'
    if first.evidence.kind != 'host':
        return first.confidence
    same = [finding.confidence for finding in findings if finding.match.provider == first.match.provider]
    return max(same, key=CONFIDENCES.index)


def _directory_url(findings: Sequence[Finding]) -> str:
    """Return the directory of the issuer if each issuer has its own, else the provider's."""
    provider = findings[0].match.provider
    own = (finding.match.rule.directory_url for finding in findings if finding.match.provider == provider)
    return next(filter(None, own), provider.directory_url)


def _is_contradicted(first: Finding, facts: CertificateFacts, catalogue: Catalogue) -> bool:
    """
    Return whether the key shows that the CA that signed is not the one named as the issuer. Names can be chosen freely.

    A provider found by the key itself, the settings or the extension is never contradicted: the first has this key, and
    the keys of the others are unknown.
    """
    return catalogue.contradicts(first.match.provider, facts.authority_key_id)


def _contradiction(provider: Provider) -> Message:
    return Message(
        'unknown_key',
        gettext_noop(
            'It names %(provider)s as its issuer, but none of the known intermediates of %(provider)s has this '
            'authority key identifier: a new one, or another CA under that name. Compare the issuer before you rely '
            'on it.'
        ),
        provider=provider.name,
    )


def _notices(provider: Provider) -> Iterator[Message]:
    if provider.untrusted:
        yield Message(
            'untrusted',
            gettext_noop(
                '%(provider)s is for tests: no browser trusts its certificates. Issue it from production before use.'
            ),
            provider=provider.name,
        )
    if provider.discontinued:
        yield Message(
            'discontinued',
            gettext_noop('%(provider)s has issued nothing since %(date)s: renew with another CA.'),
            provider=provider.name,
            date=provider.discontinued,
        )
