"""Imports folders, files and bundles of any size: what ``netbox import_certificates`` does, without the console."""

from .runner import FolderImport, Listener, Options, Outcome
from .walk import STDIN, Source, walk

__all__ = ('STDIN', 'FolderImport', 'Listener', 'Options', 'Outcome', 'Source', 'walk')
