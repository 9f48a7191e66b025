"""Find the leaves among certificates in any order, and the chain of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .errors import LimitError
from .facts import CertificateFacts
from .parts import Parts
from .signatures import is_signed_by
from .text import gettext_noop

# Signatures verified per certificate, on average, before an input is treated as an attack. Real inputs need about one.
_VERIFICATIONS_PER_CERTIFICATE = 10

# The work of these verifications per certificate, and for any input, in verifications with RSA keys of 2048 bits, which
# take about 30 µs. The work grows with the square of the size: with 4096 bits it is 4.
_WORK_PER_CERTIFICATE = 40
_LEAST_WORK = 1000


class Loaded(NamedTuple):
    """A certificate with its facts."""

    parts: Parts
    facts: CertificateFacts


@dataclass(frozen=True, slots=True)
class Relations:
    """The relations of certificates, as indices into the given sequence."""

    # Certificates that have issued none of the others, and CA certificates if each is wanted, in order of the input
    heads: tuple[int, ...]
    # For each head its issuers, nearest first, including the self-signed root
    chains: tuple[tuple[int, ...], ...]


def relate(certificates: Sequence[Loaded], each_ca: bool = False) -> Relations:
    """
    Return heads and chains of distinct certificates.

    A link counts only if the names match and the issuer's key verifies the signature (RFC 5280, section 6.1.3 (a));
    validity is not checked, because an inventory contains expired chains. Raises ``LimitError`` if too many signatures
    would have to be verified, as with a hundred certificates of the same name.

    Args:
        each_ca: whether each CA certificate is a head, too
    """
    issuers = _find_issuers(certificates)
    issued_another = {issuer for candidates in issuers for issuer in candidates}
    heads = tuple(
        index
        for index, (_certificate, facts) in enumerate(certificates)
        if index not in issued_another or (each_ca and facts.is_ca)
    )
    if not heads:  # CA certificates that signed each other in a circle
        heads = (0,)
    return Relations(heads, tuple(tuple(_climb(head, issuers)) for head in heads))


def _find_issuers(certificates: Sequence[Loaded]) -> list[list[int]]:
    """Return the verified issuers of each certificate, the preferred one first; none for a self-signed certificate."""
    by_subject: dict[str, list[int]] = {}
    for index, (_, facts) in enumerate(certificates):
        if (
            facts.has_ca_constraint or facts.is_self_signed
        ):  # self-signed: version 1 roots cannot declare that they are CAs
            by_subject.setdefault(facts.subject, []).append(index)
    budget = _VERIFICATIONS_PER_CERTIFICATE * len(certificates)
    work = max(_LEAST_WORK, _WORK_PER_CERTIFICATE * len(certificates))
    issuers = []
    for index, (parts, facts) in enumerate(certificates):
        candidates = [] if facts.is_self_signed else [i for i in by_subject.get(facts.issuer, ()) if i != index]
        budget -= len(candidates)
        work -= sum(_work(certificates[i].facts) for i in candidates)
        if budget < 0 or work < 0:
            raise LimitError(
                'too_many_candidates',
                gettext_noop(
                    'Too many certificates have the same name, or too large keys, to find out which signed which. '
                    'Import them one at a time.'
                ),
                limit=_VERIFICATIONS_PER_CERTIFICATE * len(certificates),
            )
        verified = [i for i in candidates if is_signed_by(parts, certificates[i].parts)]
        issuers.append(sorted(verified, key=lambda i: _preference(facts, certificates[i].facts)))
    return issuers


def _work(issuer: CertificateFacts) -> float:
    """Return how much work it is to verify a signature of ``issuer``."""
    return max(1.0, ((issuer.key_size or 0) / 2048) ** 2)


def _preference(facts: CertificateFacts, issuer: CertificateFacts) -> tuple[bool, bool, float, str]:
    """
    Return a key that sorts the certificates of one issuer (cross-signed, renewed with the same key).

    First by matching key ID; then cross-signed before self-signed, because servers have to send the cross-signed one;
    then by the latest expiry.
    """
    return (
        facts.authority_key_id != issuer.subject_key_id,
        issuer.is_self_signed,
        -issuer.valid_to.timestamp(),
        issuer.fingerprint_sha256,
    )


def _climb(head: int, issuers: Sequence[Sequence[int]]) -> Iterable[int]:
    """Yield the issuers above ``head``, each once."""
    seen = {head}
    current = head
    while following := [issuer for issuer in issuers[current] if issuer not in seen]:
        current = following[0]
        seen.add(current)
        yield current
