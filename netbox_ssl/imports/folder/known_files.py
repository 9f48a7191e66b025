"""
Files that contain what is already stored, as when an import is repeated: they need not be searched for keys and
verified again.
"""

from collections.abc import Iterable, Iterator
from itertools import batched

from netbox_ssl.models import Certificate
from netbox_ssl.x509 import first_fingerprint

from .walk import Source, WalkError

__all__ = ('Stored', 'with_stored')

# PEM of a certificate, and of its chain
type Stored = tuple[str, str]

# Files that are looked up together
GROUP = 500
# Bytes that are read of each, which usually contain the first certificate
HEAD_BYTES = 16 * 1024


def with_stored(sources: Iterable[Source | WalkError]) -> Iterator[tuple[Source | WalkError, Stored | None]]:
    """
    Yield each of ``sources``, and what is stored of the certificate that its file begins with; None if it is not known
    or not in PEM. This is for ``read_stored()``, which compares it with the file, so it reveals nothing.
    """
    for group in batched(sources, GROUP):
        fingerprints = [_first_fingerprint(source) for source in group]
        known = Certificate.objects.filter(fingerprint_sha256__in=set(filter(None, fingerprints))).exclude(pem='')
        rows = known.order_by().values_list('fingerprint_sha256', 'pem', 'chain_pem')
        stored = {fingerprint: (pem, chain_pem) for fingerprint, pem, chain_pem in rows}
        for source, fingerprint in zip(group, fingerprints, strict=True):
            yield source, stored.get(fingerprint)


def _first_fingerprint(source: Source | WalkError) -> str | None:
    if isinstance(source, WalkError) or not source.can_be_read_twice:
        return None
    try:
        with source.open() as file:
            return first_fingerprint(file.read(HEAD_BYTES))
    except OSError:
        # Reading it as a whole reports the error.
        return None
