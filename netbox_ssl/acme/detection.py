"""Was this certificate issued over ACME, and by whom? Two answers: a provider, and how sure we are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from netbox_ssl.acme.providers import CONFIDENCES, Catalogue, Match, Rule
from netbox_ssl.x509.facts import CertificateFacts
from netbox_ssl.x509.text import Message

STEP_ACME = 6
"""`type` of an ACME provisioner in Smallstep's extension."""

STEP_RULE = Rule('certain')
"""The extension alone decides; the issuer has the operator's name."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing seen in the certificate and why it counts; `kind` is stable, `text` is for people."""

    kind: str
    text: Message


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found out about one certificate."""

    provider: str
    """Name from the catalogue; '' when nothing points to a provider."""
    confidence: str
    """`certain`, `likely`, `possible` or `none`."""
    evidence: tuple[Evidence, ...] = ()
    """Strongest first."""
    notices: tuple[Message, ...] = ()
    """What a person should know about this provider or this result."""
    directory_url: str = ''
    """The provider's ACME directory; '' when it is not known or there are several."""

    @property
    def is_acme(self) -> bool:
        """True when it is certain or likely; "possible" is only a suggestion."""
        return self.confidence in ('certain', 'likely')

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary with all fields and `is_acme`."""
        return {
            'provider': self.provider,
            'confidence': self.confidence,
            'is_acme': self.is_acme,
            'evidence': [{'kind': evidence.kind, 'text': str(evidence.text)} for evidence in self.evidence],
            'notices': [str(notice) for notice in self.notices],
            'directory_url': self.directory_url,
        }


def detect(facts: CertificateFacts, catalogue: Catalogue) -> Detection:
    """
    Say which ACME provider issued the certificate, how sure that is, and why.

    The strongest evidence decides: the operator's settings, Smallstep's extension, the authority key id, the hosts of
    AIA and CRL, and last the issuer's name, which any private CA can choose as it likes.
    """
    if facts.is_ca:
        text = Message('ca', 'It is a CA certificate; those are not issued over ACME.')
        return Detection('', 'none', (Evidence('ca', text),))
    found = list(_find(facts, catalogue))
    if not found:
        return Detection('', 'none')
    evidence = tuple(item for _, item in found)
    match = found[0][0]
    confidence = 'certain' if _is_step_acme(facts) else _confidence(match, facts)
    if not match.provider.acme or confidence == 'none':
        return Detection('', 'none', evidence)
    notices = []
    if _is_contradicted(match, evidence[0], facts, catalogue):
        confidence = CONFIDENCES[max(CONFIDENCES.index(confidence) - 1, 0)]
        notices.append(_contradiction(match))
    notices += _notices(match)
    provider = match.provider
    directory_url = match.rule.directory_url or provider.directory_url
    return Detection(provider.name, confidence, evidence, tuple(notices), directory_url)


def _find(facts: CertificateFacts, catalogue: Catalogue) -> Iterator[tuple[Match, Evidence]]:
    """Everything that points to a provider, strongest first."""
    issuer = (facts.issuer_organization, facts.issuer_common_name, facts.issuer_organizational_unit)
    if match := catalogue.match_settings(*issuer, facts.authority_key_id):
        yield match, Evidence('settings', Message('settings', 'The settings of NetBox SSL name this issuer.'))
    by_issuer = catalogue.match_issuer(*issuer)
    if _is_step_acme(facts):
        match = by_issuer if by_issuer and by_issuer.provider.name == 'Caddy' else _step_ca(catalogue)
        text = Message(
            'step_extension',
            'It carries the extension %(oid)s of Smallstep, which says that an ACME provisioner issued it.',
            oid='1.3.6.1.4.1.37476.9000.64.1',
        )
        yield match, Evidence('step_extension', text)
    if known := catalogue.match_key_id(facts.authority_key_id):
        match, intermediate = known
        text = Message(
            'authority_key_id',
            'Its authority key identifier is that of the intermediate %(name)s.',
            name=intermediate.common_name,
        )
        yield match, Evidence('authority_key_id', text)
    for url in (*facts.aia_urls, *facts.crl_urls):
        if match := catalogue.match_url(url):
            provider = match.provider.name
            text = Message('host', 'It points to %(url)s, a host of %(provider)s.', url=url, provider=provider)
            yield match, Evidence('host', text)
            break
    if by_issuer:
        text = Message('issuer', 'Its issuer is "%(issuer)s".', issuer=facts.issuer)
        yield by_issuer, Evidence('issuer', text)


def _is_step_acme(facts: CertificateFacts) -> bool:
    return facts.step_provisioner_type == STEP_ACME


def _step_ca(catalogue: Catalogue) -> Match:
    return Match(catalogue.provider('step-ca'), STEP_RULE)


def _confidence(match: Match, facts: CertificateFacts) -> str:
    rule = match.rule
    # Whole days: a certificate "of 90 days" often ends one second before the 91st.
    if rule.max_days is not None and (facts.valid_to - facts.valid_from).days > rule.max_days:
        return rule.beyond
    return rule.confidence


def _is_contradicted(match: Match, strongest: Evidence, facts: CertificateFacts, catalogue: Catalogue) -> bool:
    """Whether the key says that another CA signed than the names, which anybody can choose, claim."""
    return strongest.kind in ('host', 'issuer') and catalogue.contradicts(match.provider, facts.authority_key_id)


def _contradiction(match: Match) -> Message:
    return Message(
        'unknown_key',
        'It names %(provider)s as its issuer, but none of the known intermediates of %(provider)s has this authority '
        'key identifier: a new one, or another CA under that name. Compare the issuer before you rely on it.',
        provider=match.provider.name,
    )


def _notices(match: Match) -> list[Message]:
    notices = []
    provider = match.provider
    if provider.untrusted:
        notices.append(
            Message(
                'untrusted',
                '%(provider)s is for tests: no browser trusts its certificates. Issue it from production before use.',
                provider=provider.name,
            )
        )
    if provider.discontinued:
        notices.append(
            Message(
                'discontinued',
                '%(provider)s has issued nothing since %(date)s: renew with another CA.',
                provider=provider.name,
                date=provider.discontinued,
            )
        )
    return notices
