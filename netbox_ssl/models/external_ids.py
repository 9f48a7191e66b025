"""
The parts of an external ID, ``client:host:lineage``. The host is followed by a directory that is not the default one of
the client: ``certbot:web01.example.net/srv/letsencrypt:www`` (``hooks/lib-source.sh``).
"""

from typing import NamedTuple

__all__ = ('ExternalID', 'split_external_id', 'split_scope')


class ExternalID(NamedTuple):
    client: str
    host: str
    # Starts with a slash; empty for the default directory
    directory: str
    lineage: str

    @property
    def without_host(self) -> tuple[str, str, str]:
        """Return what remains the same when the host is renamed."""
        return self.client, self.directory, self.lineage


def split_external_id(external_id: str) -> ExternalID | None:
    """Return the parts of an external ID; None if it has another form."""
    parts = external_id.split(':', 2)
    if len(parts) < 3 or not parts[0] or not parts[1]:
        return None
    host, slash, directory = parts[1].partition('/')
    return ExternalID(parts[0], host, slash + directory, parts[2])


def split_scope(scope: str) -> ExternalID | None:
    """Return the parts of ``client:host:``, the start of all external IDs of a client on a host."""
    parts = split_external_id(scope)
    return parts if parts and not parts.lineage else None
