"""Imports folders, files and bundles of any size: what ``netbox import_certificates`` does, without the console."""

from .importing import FolderImport, Listener, Options, Outcome
from .walking import STDIN, Source, walk

__all__ = ('STDIN', 'FolderImport', 'Listener', 'Options', 'Outcome', 'Source', 'walk')
