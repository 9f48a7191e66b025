"""Locks that make imports wait for each other if they may affect the same certificate."""

import zlib
from collections.abc import Iterable

from netbox_ssl.branching import connection
from netbox_ssl.models import CertificateSource
from netbox_ssl.x509 import name_key

from .renamed_hosts import former_sources
from .results import Item

__all__ = ('lock', 'lock_keys')

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
    keys.update(f'source {item.external_id}' for item in items if item.external_id)
    keys.update(f'certificate {item.certificate.pk}' for item in items if item.certificate)
    reported = _reported(items)
    lock_keys(keys | reported)
    # An earlier report may have moved a source meanwhile. This is rare, and locks out of order: see ``retried()``.
    if moved := _reported(items) - reported:
        lock_keys(moved)


def _reported(items: list[Item]) -> set[str]:
    """Return the keys of the certificates that the sources of these items reported last."""
    by_external_id = {item.external_id: item for item in items if item.external_id}
    if not by_external_id:
        return set()
    sources = CertificateSource.objects.filter(external_id__in=by_external_id).order_by()
    keys = set()
    for external_id, *certificates in sources.values_list('external_id', 'certificate', 'issuance__certificate'):
        keys.update(f'certificate {pk}' for pk in certificates if pk)
        by_external_id.pop(external_id)
    for source in former_sources(by_external_id.values()).values():
        keys.update([f'source {source.external_id}', f'certificate {source.certificate_id}'])
    return keys


def lock_keys(keys: set[str]) -> None:
    """Lock these keys until the transaction ends; see ``lock()``."""
    buckets = {zlib.crc32(key.encode()) % BUCKETS for key in keys}
    with connection().cursor() as cursor:
        # Always in the same order, so that two imports do not wait for each other forever
        cursor.execute(
            'SELECT pg_advisory_xact_lock(%s, bucket) FROM (SELECT unnest(%s::int[]) AS bucket ORDER BY 1) AS buckets',
            [NAMESPACE, sorted(buckets)],
        )
