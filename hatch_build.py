"""Compile the translations when the package is built; in a checkout, ``dev/translations.py`` does it at each run."""

import os
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(package: Path) -> list[Path]:
    """Compile the catalogues of a package that are newer than their compiled form. Return the paths of all of these."""
    compiled = []
    for source in sorted((package / 'locale').glob('*/LC_MESSAGES/*.po')):
        target = source.with_suffix('.mo')
        compiled.append(target)
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        # With the date in its header, not that of the build: two builds are the same.
        with source.open('rb') as file:
            catalogue = read_po(file)
        # Processes that start at the same time must not read half a file.
        unfinished = target.with_suffix(f'.{os.getpid()}.new')
        with unfinished.open('wb') as file:
            write_mo(file, catalogue)
        unfinished.replace(target)
    return compiled


class TranslationsHook(BuildHookInterface):
    """Adds the compiled translations to the wheel: Git ignores them."""

    def initialize(self, version, build_data):
        root = Path(self.root)
        for file in compile_catalogues(root / 'netbox_ssl'):
            build_data['artifacts'].append(f'/{file.relative_to(root)}')
