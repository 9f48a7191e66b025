"""
The import of folders, files and bundles of any size, behind ``netbox import_certificates``.

    walk.py     finds the files
    files.py    reads one file, without holding a large one in memory
    known_files.py
                finds what is already stored of it
    bundles.py  splits a PEM bundle into certificates with their chains
    runner.py   imports in batches
    console.py  shows progress and results
"""

from .runner import FolderImport, Listener, Options, Outcome
from .walk import STDIN, Source, walk

__all__ = ('STDIN', 'FolderImport', 'Listener', 'Options', 'Outcome', 'Source', 'walk')
