"""
Permissions of the endpoints beside NetBox's own, whose POST creates nothing or not only. As on every endpoint, a token
must be allowed to write; the object permissions are checked on each object.
"""

from netbox_ssl.netbox_internals import TokenPermissions

__all__ = ('AddOrChangePermissions', 'ChangePermissions')


class ChangePermissions(TokenPermissions):
    """For a POST that changes objects and creates none."""

    perms_map = {**TokenPermissions.perms_map, 'POST': ['%(app_label)s.change_%(model_name)s']}


# For a POST that creates or changes objects: which of the two permissions it takes, the object itself decides.
AddOrChangePermissions = TokenPermissions | ChangePermissions
