"""Was this certificate issued over ACME, and by whom? Two answers: a provider, and how sure we are."""

from dataclasses import dataclass
from typing import Any

from netbox_ssl.acme.providers import Catalogue
from netbox_ssl.x509.facts import CertificateFacts
from netbox_ssl.x509.text import Message


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
    """Say which ACME provider issued the certificate, how sure that is, and why."""
    raise NotImplementedError
