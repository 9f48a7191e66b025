"""CA certificates, and the certificates that they issued, as far as both are in the inventory."""

import hashlib

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import MD5
from django.db.models.lookups import Exact

__all__ = ('AUTHORITY_INDEXES', 'AuthorityMixin')

AUTHORITY_INDEXES = (
    models.Index(fields=('name', 'id'), condition=Q(is_ca=True), name='netbox_ssl_cert_ca'),
    models.Index(fields=('subject_key_id', 'id'), condition=Q(is_ca=True), name='netbox_ssl_cert_ca_key'),
    # A hash of the name, which may be too long for an index
    models.Index('authority_key_id', MD5('issuer'), name='netbox_ssl_cert_issuer'),
)


class AuthorityMixin:
    """
    Answers about which certificates issued which (RFC 5280, 4.2.1.1): the name of the issuer is the subject of the CA,
    and the key IDs are equal if both are known. Signatures are not verified.
    """

    def issued_q(self) -> Q:
        """Select the certificates that this CA certificate issued; none for another certificate or without subject."""
        if not self.is_ca or not self.subject:
            return Q(pk__in=())
        same_name = Q(Exact(MD5(F('issuer')), Value(_md5(self.subject))), issuer=self.subject)
        same_key = Q(authority_key_id__in=(self.subject_key_id, '')) if self.subject_key_id else Q()
        return same_name & same_key & self._others_q()

    def issuing_ca_q(self) -> Q:
        """Select the CA certificates that issued this one: several if the CA renewed its own, or was cross-signed."""
        if not self.issuer:
            return Q(pk__in=())
        same_name = Q(is_ca=True, subject=self.issuer)
        same_key = Q(subject_key_id__in=(self.authority_key_id, '')) if self.authority_key_id else Q()
        return same_name & same_key & self._others_q()

    def _others_q(self) -> Q:
        """Exclude this X.509 certificate: a root is its own issuer."""
        return ~Q(fingerprint_sha256=self.fingerprint_sha256) if self.fingerprint_sha256 else Q()


def _md5(text: str) -> str:
    """Return the hash as PostgreSQL's ``md5()`` does."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
