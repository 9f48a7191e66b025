"""Tenants of certificates that are assigned to objects of another tenant."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.netbox_internals import prechange_snapshot

__all__ = ('refuse_other_tenants',)


def refuse_other_tenants(certificate) -> None:
    """
    Raise a ValidationError if ``certificate`` gets another tenant than the objects it is assigned to, and the setting
    ``refuse_tenant_mismatch`` is on. The message does not name the objects, because the user may not be permitted to
    view them. Other changes, such as renewals, are not blocked after the tenant of an object was changed.
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
    # NetBox takes a snapshot before each edit on pages and in the REST API.
    before = prechange_snapshot(certificate)
    return bool(certificate.tenant_id) and 'tenant' in before and before['tenant'] != certificate.tenant_id
