"""
Cuts a PEM bundle of any size into certificates with their chains, holding only a few of them at a time.

Every certificate that is no CA comes with the CA certificates above it. These are found wherever they stand before it
in the bundle, and after it up to the end of its group: groups of ``GROUP`` certificates are read at a time, each cut
right before a certificate that is no CA, so that what follows a certificate stays with it. That takes every usual
order: certificate and chain in turn, the chain first, all CA certificates first.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from netbox_ssl.x509 import CertificateInputError, Leaf, Limits, PrivateKeyError, read_certificates
from netbox_ssl.x509.refusals import code_for_label, refusal

__all__ = ('Trouble', 'read_bundle')

GROUP = 50
# Whoever bundles more authorities than that loses chains, not certificates.
MOST_AUTHORITIES = 1000
LONGEST_CHAIN = 20
# A line or a block that is longer is none of a certificate.
LONGEST = 1024 * 1024

EDGE = re.compile(rb'-{2,5}(BEGIN|END) ([A-Z0-9 .#/_]{1,60}?)-{2,5}')
CERTIFICATES = frozenset({b'CERTIFICATE', b'X509 CERTIFICATE', b'X.509 CERTIFICATE'})
# Read by themselves, as they come without a chain or with their own.
OTHERS = frozenset({b'TRUSTED CERTIFICATE', b'PKCS7', b'PKCS #7 SIGNED DATA', b'CMS'})


@dataclass(frozen=True, slots=True)
class Trouble:
    """A block that was refused, and why."""

    number: int
    error: CertificateInputError


@dataclass(frozen=True, slots=True)
class Block:
    """A PEM block."""

    number: int
    label: bytes
    pem: bytes
    certificate: x509.Certificate | None
    """None where it cannot be read as one, for whoever reads it by itself to say why."""

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(SHA256()).hex().upper()


def read_bundle(lines: Iterable[bytes], limits: Limits) -> Iterator[Leaf | Trouble]:
    """
    The certificates of a bundle, and what in it cannot be read. Raises ``CertificateInputError`` where it holds none at
    all, ``PrivateKeyError`` where a block holds a private key.
    """
    # What one input may hold bounds a certificate here, not the bundle.
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
            authorities.add(block)
            continue
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
    if empty:
        if pem := authorities.any():
            read_certificates(pem, limits)
        raise refusal(code_for_label(other) if other else 'not_a_certificate')


def _blocks(lines: Iterable[bytes]) -> Iterator[Block]:
    """One after the other. One without an end ends where the next begins."""
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
        certificate = x509.load_pem_x509_certificate(pem)
        # Fetched later, where nobody expects an exception
        certificate.subject.public_bytes(), certificate.issuer.public_bytes()
    except Exception:  # ValueError, UnsupportedAlgorithm, InvalidVersion, …: no common base
        certificate = None
    return Block(number, label, pem, certificate)


def _is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except Exception:  # None, or extensions that cannot be read
        return False


class _Authorities:
    """The CA certificates that the bundle has brought so far."""

    def __init__(self):
        self._by_subject: dict[bytes, dict[str, Block]] = {}
        self._count = 0

    def add(self, block: Block) -> None:
        same = self._by_subject.setdefault(block.certificate.subject.public_bytes(), {})
        if self._count < MOST_AUTHORITIES and block.fingerprint not in same:
            same[block.fingerprint] = block
            self._count += 1

    def above(self, blocks: Iterable[Block]) -> list[Block]:
        """Those that may be in the chains of ``blocks``, by their names: nobody has looked at signatures yet."""
        found: dict[str, Block] = {}
        names = {block.certificate.issuer.public_bytes() for block in blocks}
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
            names = {block.certificate.issuer.public_bytes() for block in new.values()}
        return list(found.values())

    def any(self) -> bytes:
        """One of them, if there is one."""
        return next((block.pem for same in self._by_subject.values() for block in same.values()), b'')


def _read_group(group: list[Block], authorities: _Authorities, limits: Limits) -> Iterator[Leaf | Trouble]:
    """All at once, which is fast; those that this does not bring, one by one."""
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


def _read(blocks: Iterable[Block], limits: Limits) -> tuple[Leaf, ...]:
    return read_certificates(b'\n'.join(block.pem for block in blocks), limits).leaves


def _renumbered(error: CertificateInputError, number: int) -> CertificateInputError:
    """With the number that the block has in the bundle: the reader saw it alone."""
    params = dict(error.params)
    if 'block' in params:
        params['block'] = number
    if 'where' in params:
        params['where'] = re.sub(r'(PEM block) \d+', rf'\1 {number}', params['where'])
    return CertificateInputError(error.code, error.message, **params)
