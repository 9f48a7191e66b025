"""Lets imports that could decide about the same certificate wait for each other."""

import zlib
from collections.abc import Iterable

from netbox_ssl.branching import connection
from netbox_ssl.x509 import CertificateFacts, name_key

__all__ = ('lock',)

# Advisory locks live in a table of fixed size that all of PostgreSQL shares. So many serve any number of imports.
BUCKETS = 128
# The first of the two numbers of PostgreSQL's advisory locks: ours.
NAMESPACE = int.from_bytes(b'nssl', 'big')


def lock(facts: Iterable[CertificateFacts], external_ids: Iterable[str] = ()) -> None:
    """
    Hold until the transaction ends what concerns these X.509 certificates: their lineages, themselves, and who reports
    them.
    """
    keys = {key for each in facts for key in (name_key(each), each.fingerprint_sha256)}
    keys.update(f'source {external_id}' for external_id in external_ids if external_id)
    buckets = {zlib.crc32(key.encode()) % BUCKETS for key in keys}
    with connection().cursor() as cursor:
        # In one order everywhere, or two imports could wait for each other for ever.
        cursor.execute(
            'SELECT pg_advisory_xact_lock(%s, bucket) FROM (SELECT unnest(%s::int[]) AS bucket ORDER BY 1) AS buckets',
            [NAMESPACE, sorted(buckets)],
        )
