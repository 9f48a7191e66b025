"""
Permissions of endpoints whose POST does not only create objects. As on every endpoint, a token must be allowed to
write; the object permissions are checked on each object.
"""

from netbox_ssl.models.suggestions import MAY_ASSIGN
from netbox_ssl.netbox_internals import TokenPermissions

__all__ = ('AddOrChangePermissions', 'AssignPermissions', 'ChangePermissions')


class ChangePermissions(TokenPermissions):
    """For a POST that changes objects and creates none."""

    perms_map = {**TokenPermissions.perms_map, 'POST': ['%(app_label)s.change_%(model_name)s']}


class AssignPermissions(TokenPermissions):
    """For suggested assignments, which have no permissions of their own: users who may assign see and decide."""

    perms_map = {**TokenPermissions.perms_map, **dict.fromkeys(('GET', 'HEAD', 'POST'), [MAY_ASSIGN])}

    def has_object_permission(self, request, view, obj):
        # The queryset of the view contains what the user may decide on; the permission is one on assignments.
        return True


# For a POST that creates or changes objects. The object determines which of the two permissions is required.
AddOrChangePermissions = TokenPermissions | ChangePermissions
