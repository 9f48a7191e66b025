"""The plugins of NetBox Labs that this plugin is tested with."""

from importlib import metadata

from dev import paths
from dev.databases import Template, plugin_template

# netbox-branching must be the last plugin.
PLUGINS = ('netbox_ssl', 'netbox_custom_objects', 'netbox_branching')
PACKAGES = ('netboxlabs-netbox-custom-objects', 'netboxlabs-netbox-branching')


def template():
    """Return the database with the migrations of NetBox, of this plugin, and of its neighbours."""
    base = plugin_template()
    fingerprint = paths.digest(base.fingerprint, *map(metadata.version, PACKAGES))[:12]
    return Template('neighbours', fingerprint, 'netbox-branching and netbox-custom-objects', PLUGINS, base)
