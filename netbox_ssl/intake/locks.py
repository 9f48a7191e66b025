"""Locks that make imports wait for each other if they may affect the same certificate."""

import zlib
from collections.abc import Iterable

from netbox_ssl.branching import connection
from netbox_ssl.models import CertificateSource
from netbox_ssl.x509 import name_key

from .results import Item

__all__ = ('lock',)

# Number of advisory locks, which are in a table of fixed size shared by all of PostgreSQL
BUCKETS = 128
# The first of the two numbers of an advisory lock; identifies the plugin
NAMESPACE = int.from_bytes(b'nssl', 'big')


def lock(items: Iterable[Item]) -> None:
    """
    Lock, until the transaction ends, everything related to these items: their lineages, their X.509 certificates, their
    sources, and the certificates of these sources.

    Call it once in a transaction, with all of its items: two transactions that lock one item at a time could wait for
    each other forever.
    """
    items = list(items)
    keys = {key for item in items for key in (name_key(item.facts), item.facts.fingerprint_sha256)}
    external_ids = {item.external_id for item in items if item.external_id}
    keys.update(f'source {external_id}' for external_id in external_ids)
    keys.update(f'certificate {item.certificate.pk}' for item in items if item.certificate)
    reported = _reported(external_ids)
    _acquire(keys | reported)
    # An earlier report may have moved a source meanwhile. This is rare, and locks out of order: see ``retried()``.
    if moved := _reported(external_ids) - reported:
        _acquire(moved)


def _reported(external_ids: set[str]) -> set[str]:
    if not external_ids:
        return set()
    sources = CertificateSource.objects.filter(external_id__in=external_ids)
    return {f'certificate {pk}' for pk in sources.order_by().values_list('certificate', flat=True)}


def _acquire(keys: set[str]) -> None:
    buckets = {zlib.crc32(key.encode()) % BUCKETS for key in keys}
    with connection().cursor() as cursor:
        # Always in the same order, so that two imports do not wait for each other forever
        cursor.execute(
            'SELECT pg_advisory_xact_lock(%s, bucket) FROM (SELECT unnest(%s::int[]) AS bucket ORDER BY 1) AS buckets',
            [NAMESPACE, sorted(buckets)],
        )
