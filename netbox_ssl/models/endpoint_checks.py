"""Writes the results of the checks of endpoints: two SQL statements, for however many endpoints."""

import json
from collections.abc import Collection
from datetime import datetime

from netbox_ssl.branching import connection

from .endpoints import Endpoint

__all__ = ('store_checks',)

COLUMNS = [Endpoint._meta.get_field(name).column for name in Endpoint.STATE_FIELDS]

# Endpoints of this list from a JSON array; PostgreSQL knows the types from the table.
FOUND = 'jsonb_populate_recordset(NULL::netbox_ssl_endpoint, %s::jsonb) AS found'
# A source has one endpoint: another one had it, which was changed or given to another monitor.
RELEASE = f"""
    UPDATE netbox_ssl_endpoint AS endpoint SET source_id = NULL FROM {FOUND}
    WHERE endpoint.source_id = found.source_id AND endpoint.id <> found.id
"""
STORE = f"""
    UPDATE netbox_ssl_endpoint AS endpoint SET {', '.join(f'{column} = found.{column}' for column in COLUMNS)}
    FROM {FOUND} WHERE endpoint.id = found.id
"""


def store_checks(endpoints: Collection[Endpoint]) -> None:
    """
    Write the columns ``Endpoint.STATE_FIELDS`` of these endpoints, without change log: the result of a check is not a
    change. No two of them may have the same source.
    """
    if not endpoints:
        return
    rows = [{name: getattr(endpoint, name) for name in ('id', *COLUMNS)} for endpoint in endpoints]
    found = json.dumps(rows, default=datetime.isoformat)
    with connection().cursor() as cursor:
        cursor.execute(RELEASE, [found])
        cursor.execute(STORE, [found])
