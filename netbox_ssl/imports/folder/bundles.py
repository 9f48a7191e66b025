"""
Split a PEM bundle of any size into certificates with their chains, holding only a few of them in memory at a time.

Every certificate that is not a CA certificate is returned with the CA certificates above it. These may be anywhere
before it in the bundle, and after it up to the end of its group: ``GROUP`` certificates are read at a time, and a group
ends before a certificate that is not a CA certificate, so that CA certificates after a certificate are in its group.
This supports all usual orders: each certificate with its chain, the chain first, all CA certificates first. If CA
certificates are included, they follow at the end, because only then all CA certificates above them are known.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from netbox_ssl.x509 import CertificateInputError, Leaf, Limits, PrivateKeyError, read_certificates, read_parts
from netbox_ssl.x509.extraction import facts_of
from netbox_ssl.x509.parts import Parts
from netbox_ssl.x509.refusals import code_for_label, refusal
from netbox_ssl.x509.unwrap import unwrap

__all__ = ('Trouble', 'read_bundle')

GROUP = 50
# With more CA certificates, chains are incomplete, but no certificate is lost.
MOST_AUTHORITIES = 1000
LONGEST_CHAIN = 20
# A longer line or block is not a certificate.
LONGEST = 1024 * 1024

EDGE = re.compile(rb'-{2,5}(BEGIN|END) ([A-Z0-9 .#/_]{1,60}?)-{2,5}')
CERTIFICATES = frozenset({b'CERTIFICATE', b'X509 CERTIFICATE', b'X.509 CERTIFICATE'})
# Read on their own, because they come without a chain or with their own
OTHERS = frozenset({b'TRUSTED CERTIFICATE', b'PKCS7', b'PKCS #7 SIGNED DATA', b'CMS'})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A block that was refused, and the reason."""

    number: int
    error: CertificateInputError


@dataclass(frozen=True, slots=True)
class Block:
    """A PEM block."""

    number: int
    label: bytes
    pem: bytes
    # None if it cannot be parsed; reading it on its own then yields the reason
    certificate: Parts | None

    @property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.certificate.encoded).hexdigest().upper()


def read_bundle(lines: Iterable[bytes], limits: Limits, include_ca: bool = False) -> Iterator[Leaf | Trouble]:
    """
    Yield the certificates of a bundle, and the blocks that cannot be read. Raises ``CertificateInputError`` if there
    are no certificates, ``PrivateKeyError`` if a block contains a private key.

    Args:
        include_ca: whether CA certificates are returned, too, besides being in the chains of others
    """
    # The limits of one input apply to each certificate, not to the bundle.
    limits = replace(limits, max_input_bytes=1 << 40, max_certificates=1 << 20)
    authorities = _Authorities()
    group: list[Block] = []
    empty = True
    other = ''
    for block in _blocks(lines):
        if block.label not in CERTIFICATES | OTHERS:
            other = other or block.label.decode()
            continue
        if block.certificate is None:
            found = _read_alone(block, (), limits)
        elif _is_ca(block.certificate):
            if authorities.add(block) or not include_ca:
                continue
            found = _read_ca(block, authorities, limits)
        elif len(group) >= GROUP:
            found = _read_group(group, authorities, limits)
            group = [block]
        else:
            group.append(block)
            continue
        for each in found:
            empty = False
            yield each
    for each in _read_group(group, authorities, limits):
        empty = False
        yield each
    for block in authorities.all() if include_ca else ():
        empty = False
        yield from _read_ca(block, authorities, limits)
    if empty:
        if block := next(authorities.all(), None):
            read_certificates(block.pem, limits)
        raise refusal(code_for_label(other) if other else 'not_a_certificate')


def _blocks(lines: Iterable[bytes]) -> Iterator[Block]:
    """Yield the PEM blocks. A block without an end marker ends where the next one begins."""
    number = size = 0
    label = None
    kept: list[bytes] = []
    for line in lines:
        edge = EDGE.search(line) if b'-' in line else None
        if edge and edge[1] == b'BEGIN':
            if label is not None:
                yield _block(number, label, kept)
            number += 1
            label, kept, size = edge[2], [], 0
        if label is not None and size <= LONGEST:
            kept.append(line)
            size += len(line)
        if edge and edge[1] == b'END' and label is not None:
            yield _block(number, label, kept)
            label, kept = None, []
    if label is not None:
        yield _block(number, label, kept)


def _block(number: int, label: bytes, lines: list[bytes]) -> Block:
    pem = b''.join(lines)
    if label not in CERTIFICATES:
        return Block(number, label, pem, None)
    try:
        certificate = read_parts(unwrap(pem)[0].der)
    except Exception:  # ValueError, UnsupportedAlgorithm, InvalidVersion, …: no common base class
        certificate = None
    return Block(number, label, pem, certificate)


def _is_ca(certificate: Parts) -> bool:
    if not certificate.extensions.has_ca_constraint or certificate.subject != certificate.issuer:
        return certificate.extensions.has_ca_constraint
    # A self-signed certificate may be that of a server all the same. This takes longer.
    try:
        return facts_of(certificate).is_ca
    except CertificateInputError:
        return True


class _Authorities:
    """The CA certificates found in the bundle so far."""

    def __init__(self):
        self._by_subject: dict[str, dict[str, Block]] = {}
        self._count = 0

    def add(self, block: Block) -> bool:
        """Add a CA certificate. Return whether it is known now, which it is not if there are too many."""
        same = self._by_subject.setdefault(block.certificate.subject.text, {})
        if block.fingerprint in same:
            return True
        if self._count >= MOST_AUTHORITIES:
            return False
        same[block.fingerprint] = block
        self._count += 1
        return True

    def above(self, blocks: Iterable[Block]) -> list[Block]:
        """Return those that may be in the chains of ``blocks``, judging by names; signatures are not checked here."""
        found: dict[str, Block] = {}
        names = {block.certificate.issuer.text for block in blocks}
        for _ in range(LONGEST_CHAIN):
            new = {
                fingerprint: block
                for name in names
                for fingerprint, block in self._by_subject.get(name, {}).items()
                if fingerprint not in found
            }
            if not new:
                break
            found.update(new)
            names = {block.certificate.issuer.text for block in new.values()}
        return list(found.values())

    def all(self) -> Iterator[Block]:
        return (block for same in self._by_subject.values() for block in same.values())


def _read_group(group: list[Block], authorities: _Authorities, limits: Limits) -> Iterator[Leaf | Trouble]:
    """Read all blocks at once, which is fast, and the blocks that this does not yield one at a time."""
    if not group:
        return
    chains = authorities.above(group)
    try:
        leaves = _read([*group, *chains], limits)
    except PrivateKeyError:
        raise
    except CertificateInputError:
        leaves = ()
    yield from leaves
    brought = {leaf.facts.fingerprint_sha256 for leaf in leaves}
    for block in group:
        if block.fingerprint not in brought:
            yield from _read_alone(block, authorities.above([block]), limits)


def _read_alone(block: Block, chain: Iterable[Block], limits: Limits) -> Iterator[Leaf | Trouble]:
    try:
        yield from _read([block, *chain], limits)
    except PrivateKeyError:
        raise
    except CertificateInputError as error:
        yield Trouble(block.number, _renumbered(error, block.number))


def _read_ca(block: Block, authorities: _Authorities, limits: Limits) -> Iterator[Leaf | Trouble]:
    """Read a CA certificate with the CA certificates above it."""
    try:
        leaves = _read([block, *authorities.above([block])], limits, include_ca=True)
    except PrivateKeyError:
        raise
    except CertificateInputError as error:
        yield Trouble(block.number, _renumbered(error, block.number))
        return
    yield from (leaf for leaf in leaves if leaf.facts.fingerprint_sha256 == block.fingerprint)


def _read(blocks: Iterable[Block], limits: Limits, include_ca: bool = False) -> tuple[Leaf, ...]:
    return read_certificates(b'\n'.join(block.pem for block in blocks), limits, include_ca=include_ca).leaves


def _renumbered(error: CertificateInputError, number: int) -> CertificateInputError:
    """Return the error with the number of the block in the bundle."""
    params = dict(error.params)
    if 'block' in params:
        params['block'] = number
    if 'where' in params:
        params['where'] = re.sub(r'(PEM block) \d+', rf'\1 {number}', params['where'])
    return CertificateInputError(error.code, error.message, **params)
