"""
The import of what the plugin ``netbox-ssl`` of the Python Package Index recorded, behind
``netbox import_netbox_ssl_export``. That plugin is a different project with the same name of the Django app.

    reading.py    the records of its exports: dumpdata, REST, its own export
    mapping.py    its fields as settings of a certificate
    relations.py  assignments, contacts and journal entries
    importing.py  imports the certificates, each with its predecessors
"""

from .importing import ExportImport, Outcome
from .reading import Export, ExportError, read_export

__all__ = ('Export', 'ExportError', 'ExportImport', 'Outcome', 'read_export')
