from netbox.search import ObjectFieldValue, SearchIndex, register_search

from .models import Certificate, CertificateAssignment, CertificateSource, Endpoint, Issuance


class X509SearchIndex(SearchIndex):
    """Also index serial numbers and fingerprints with colons, as browsers show them: NetBox compares literally."""

    @classmethod
    def to_cache(cls, instance, custom_fields=None):
        values = super().to_cache(instance, custom_fields)
        for value in list(values):
            if value.name in ('serial_number', 'fingerprint_sha256', 'fingerprint_sha1'):
                octets = ':'.join(value.value[i : i + 2] for i in range(0, len(value.value), 2))
                values.append(ObjectFieldValue(value.name, value.type, value.weight, octets))
        return values


@register_search
class CertificateIndex(X509SearchIndex):
    model = Certificate
    fields = (
        ('name', 100),
        ('serial_number', 110),
        ('fingerprint_sha256', 110),
        ('fingerprint_sha1', 110),
        ('subject_alt_names', 120),
        ('subject', 300),
        ('issuer', 400),
        ('acme_provider', 400),
        ('acme_account_email', 500),
        ('description', 500),
        ('renewal_instructions', 5000),
        ('comments', 5000),
    )
    display_attrs = ('status', 'valid_to', 'renewal_due_at', 'acme_provider', 'tenant', 'description')


@register_search
class IssuanceIndex(X509SearchIndex):
    """Finds replaced certificates by serial number or fingerprint."""

    model = Issuance
    fields = (
        ('serial_number', 600),
        ('fingerprint_sha256', 600),
        ('fingerprint_sha1', 600),
    )
    # Not the certificate, which the user may not be permitted to view
    display_attrs = ('subject', 'valid_from', 'valid_to', 'issuer')


@register_search
class CertificateSourceIndex(SearchIndex):
    model = CertificateSource
    fields = (
        ('external_id', 200),
        ('client', 700),
    )
    # Not the certificate, as for issuances
    display_attrs = ('client', 'valid_to', 'reported_at', 'gone_since')


@register_search
class CertificateAssignmentIndex(SearchIndex):
    model = CertificateAssignment
    fields = (('note', 500),)
    display_attrs = ('certificate', 'assigned_object', 'note')


@register_search
class EndpointIndex(SearchIndex):
    model = Endpoint
    fields = (
        ('address', 150),
        ('server_name', 150),
        ('monitor', 700),
        ('description', 500),
        ('comments', 5000),
    )
    # Not the certificates, as for issuances
    display_attrs = ('port', 'result', 'checked_at', 'monitor', 'description')


indexes = (CertificateIndex, CertificateAssignmentIndex, CertificateSourceIndex, EndpointIndex, IssuanceIndex)
