"""Tenants of certificates that are assigned to objects of another tenant."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.netbox_internals import prechange_snapshot

__all__ = ('refuse_other_tenants',)


def refuse_other_tenants(certificate) -> None:
    """
    Where the setting refuses tenants that differ: raise a ValidationError if the certificate is given another tenant
    than what it is assigned to has. Objects are not named: the person may not be allowed to see them. Other changes,
    renewals above all, are not held up by a tenant that was changed on the other side.
    """
    if not _has_new_tenant(certificate) or not settings.refuse_tenant_mismatch():
        return
    if any(assignment.tenants_differ for assignment in certificate.assignments.with_hosts()):
        message = _(
            'The certificate is assigned to objects of another tenant, which this NetBox does not allow '
            '(setting refuse_tenant_mismatch). Change the tenants of these objects first, or remove the assignments.'
        )
        raise ValidationError({'tenant': message})


def _has_new_tenant(certificate) -> bool:
    # Taken by NetBox before each edit, in pages as in REST.
    before = prechange_snapshot(certificate)
    return bool(certificate.tenant_id) and 'tenant' in before and before['tenant'] != certificate.tenant_id
