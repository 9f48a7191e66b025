"""
Reports that a host repeats every night: its PEM is usually the stored one, which need not be searched for keys and
verified again.
"""

from collections.abc import Collection

from netbox_ssl import settings
from netbox_ssl.models import CertificateSource
from netbox_ssl.x509 import Leaf, read_stored

__all__ = ('RepeatedReports',)


class RepeatedReports:
    """What is stored of the certificates of sources, read in one query."""

    def __init__(self, external_ids: Collection[str]):
        self._stored: dict[str, tuple[str, str]] = {}
        if external_ids:
            sources = CertificateSource.objects.filter(external_id__in=external_ids).order_by()
            columns = sources.values_list('external_id', 'certificate__pem', 'certificate__chain_pem')
            self._stored = {external_id: stored for external_id, *stored in columns}

    def read(self, external_id: str, data: bytes | str) -> Leaf | None:
        """
        Return the leaf of ``data`` if it is what is stored of the certificate of the source with this external ID, else
        None. The result is that of ``read_single()``, so it reveals nothing of a certificate that the user may not
        view.
        """
        stored = self._stored.get(external_id)
        if stored is None or not isinstance(data, str):
            return None
        return read_stored(data, *stored, limits=settings.limits())
