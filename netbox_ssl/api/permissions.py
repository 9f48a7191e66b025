"""
Permissions of endpoints whose POST does not only create objects. As on every endpoint, a token must be allowed to
write; the object permissions are checked on each object.
"""

from netbox_ssl.netbox_internals import TokenPermissions

__all__ = ('AddOrChangePermissions', 'ChangePermissions')


class ChangePermissions(TokenPermissions):
    """For a POST that changes objects and creates none."""

    perms_map = {**TokenPermissions.perms_map, 'POST': ['%(app_label)s.change_%(model_name)s']}


# For a POST that creates or changes objects. The object determines which of the two permissions is required.
AddOrChangePermissions = TokenPermissions | ChangePermissions
