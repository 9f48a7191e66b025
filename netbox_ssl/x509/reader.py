"""From bytes to facts: the one function through which every certificate comes in."""

from dataclasses import dataclass

from netbox_ssl.x509.facts import CertificateFacts
from netbox_ssl.x509.limits import Limits
from netbox_ssl.x509.text import Message


@dataclass(frozen=True, slots=True)
class Leaf:
    """An end-entity certificate of the input, with the chain that the input holds for it."""

    facts: CertificateFacts
    chain: tuple[CertificateFacts, ...]
    """Its issuers, nearest first, each verified to have signed the one before; without the self-signed root."""


@dataclass(frozen=True, slots=True)
class ParsedInput:
    """Everything one input held."""

    leaves: tuple[Leaf, ...]
    """At least one, in the order of the input."""
    unrelated: tuple[CertificateFacts, ...]
    """Certificates that belong to no leaf's chain. To be reported, not stored."""
    notes: tuple[Message, ...]
    """What people should know about how the input was read."""


def read_certificates(data: bytes | str, limits: Limits = Limits(), allow_ca: bool = False) -> ParsedInput:  # noqa: B008
    raise NotImplementedError
