"""`make release VERSION=1.0.0`: write the version, the date and the digests of the migrations; nothing is published."""

import hashlib
import json
import os
import re
from datetime import UTC, datetime
from pathlib import Path

from dev import paths, processes
from dev.console import Failure, say

# Digests of the migrations that are part of a release, and its version: tests/models/test_migrations.py
RELEASED = 'tests/models/released_migrations.json'
VERSION = re.compile(r'(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)((a|b|rc)\d+)?')
# Where pages have the version: in the name of the wheel, and in an answer of the REST API
SHOWN = re.compile(r'(?<=netbox_ssl_inventory-)[\w.]+?(?=-py3)|(?<="version": ")[\w.]+(?=")')
CURRENT = re.compile(r"(?<=__version__ = ')[^']+")
# A section of the changes, and the newest one
SECTION = re.compile(r'^## (\S+) \(.*\)$', re.MULTILINE)
NEWEST = re.compile(r'\A(.*?)^## \S+ \(unreleased\)$', re.MULTILINE | re.DOTALL)


def release(arguments):
    """Prepare the release in the checkout, and say what comes next."""
    version = arguments[0] if arguments else os.environ.get('VERSION', '')
    prepare(paths.ROOT, version, datetime.now(UTC).strftime('%Y-%m-%d'))
    files = processes.run_quietly(['git', '-C', paths.ROOT, 'diff', '--name-only'], 'list what has changed')
    say(f'version {version} is written into: {", ".join(files.split())}')
    say(
        f"next: .ci/run; git commit -am 'Release {version}'; git tag -s v{version} -m {version}; git push --follow-tags"
    )
    say('the workflow "Release" builds, tests and publishes what the tag names')
    return 0


def prepare(root: Path, version: str, date: str):
    """
    Write everything that a release changes.

    Raises:
        Failure: the version is not a valid one or not newer, or a migration of an earlier release was changed; nothing
        is written then.
    """
    if not VERSION.fullmatch(version):
        raise Failure(f'{version!r} is not a version such as 1.0.0 or 1.1.0rc1: make release VERSION=1.0.0')
    recorded, digests = read_released(root), digests_of(root)
    if order(version) <= order(recorded['version'] or '0.0.0a0'):
        raise Failure(f'{version} is not newer than {recorded["version"]}, which is released.')
    if changed := changed_migrations(recorded['migrations'], digests):
        raise Failure(f'migrations of an earlier release were changed: {", ".join(changed)}. Add new ones instead.')
    texts = dict(new_texts(root, version, date))
    # Before 1.0.0, migrations may be rewritten.
    if order(version) >= order('1.0.0'):
        released = {'version': version, 'migrations': digests}
        texts[root / RELEASED] = json.dumps(released, indent=2, sort_keys=True) + '\n'
    for file, text in texts.items():
        paths.write_atomically(file, text, mode=0o644)


def new_texts(root, version, date):
    """Yield the files that name the version, with their new texts."""
    package = root / 'netbox_ssl' / '__init__.py'
    yield package, CURRENT.sub(version, package.read_text(), count=1)
    changes = root / 'CHANGELOG.md'
    before = changes.read_text()
    newest = NEWEST.match(before)
    if not newest or '\n## ' in newest[1]:
        raise Failure('CHANGELOG.md has no section "## … (unreleased)": write what has changed.')
    yield changes, f'{newest[1]}## {version} ({date}){before[newest.end() :]}'
    yield root / 'COMPATIBILITY.md', with_row(root / 'COMPATIBILITY.md', version)
    for page in (root / 'README.md', *sorted((root / 'docs').rglob('*.md'))):
        if SHOWN.search(before := page.read_text()):
            yield page, SHOWN.sub(version, before)
    if order(version) >= order('1.0.0'):
        project = root / 'pyproject.toml'
        yield project, project.read_text().replace('4 - Beta', '5 - Production/Stable')


def with_row(file, version):
    """Return the page with a row for this minor version; that of a version before 1.0 is replaced."""
    minor = '.'.join(version.split('.')[:2])
    lines = file.read_text().splitlines(keepends=True)
    (first, *_others) = [number for number, line in enumerate(lines) if re.match(r'\| \d+\.\d+ \|', line)]
    cells = lines[first].split('|')
    if cells[1].strip() != minor:
        row = '|'.join([cells[0], f' {minor} ', *cells[2:]])
        lines[first : first + cells[1].strip().startswith('0.')] = [row]
    return ''.join(lines)


def order(version):
    """Return a key that sorts versions: pre-releases before their release."""
    major, minor, patch, suffix, _kind = VERSION.fullmatch(version).groups()
    kind, number = re.fullmatch(r'([a-z]+)(\d+)', suffix).groups() if suffix else ('release', '0')
    return int(major), int(minor), int(patch), kind, int(number)


def read_released(root):
    """Return ``version`` and ``migrations`` (name → digest) of the last release; '' and none before the first."""
    return json.loads((root / RELEASED).read_text())


def previous_release(root):
    """Return the version of the release before what is in the checkout, a release or changes since one; or None."""
    versions = SECTION.findall((root / 'CHANGELOG.md').read_text())
    return versions[1] if len(versions) > 1 else None


def digests_of(root):
    """Return the SHA-256 of each migration, by name."""
    files = (root / 'netbox_ssl' / 'migrations').glob('[0-9]*.py')
    return {file.stem: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(files)}


def changed_migrations(released, digests):
    """Return the released migrations that are missing or different."""
    return sorted(name for name, digest in released.items() if digests.get(name) != digest)
