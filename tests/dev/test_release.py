"""``make release``, on a copy of the files that it changes."""

import json
import re
import shutil

import pytest

from dev import paths, release
from dev.console import Failure

FILES = ('CHANGELOG.md', 'COMPATIBILITY.md', 'README.md', 'pyproject.toml', 'netbox_ssl/__init__.py', release.RELEASED)
DATE = '2027-01-31'
# File, pattern → what it was before the first release
BEFORE = (
    ('netbox_ssl/__init__.py', "(?<=__version__ = ')[^']+", '0.9.0'),
    ('pyproject.toml', r'5 - Production/Stable', '4 - Beta'),
    ('COMPATIBILITY.md', r'(?<=\n)\| \d+\.\d+ \|', '| 0.9 |'),
    ('docs/how-to/install.md', r'(?<=netbox_ssl_inventory-)[\d.]+(?=-)', '0.9.0'),
    ('docs/reference/rest-api.md', '(?<="version": ")[^"]+', '0.9.0'),
)


@pytest.fixture
def checkout(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(paths.ROOT / name, tmp_path / name)
    for folder in ('docs', 'netbox_ssl/migrations'):
        shutil.copytree(paths.ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns('*.png', '*.pyc'))
    # As before the first release, whatever has been released since
    (tmp_path / release.RELEASED).write_text(json.dumps({'version': '', 'migrations': {}}))
    for name, pattern, before in BEFORE:
        file = tmp_path / name
        file.write_text(re.sub(pattern, before, file.read_text(), count=1))
    unreleased(tmp_path)
    return tmp_path


def unreleased(root):
    changes = root / 'CHANGELOG.md'
    title, _, rest = changes.read_text().partition('\n## ')
    changes.write_text(f'{title}\n## 1.0.0 (unreleased)\n\n- Something.\n\n## {rest}')


def test_the_first_stable_release(checkout):
    release.prepare(checkout, '1.0.0', DATE)
    assert "__version__ = '1.0.0'" in (checkout / 'netbox_ssl/__init__.py').read_text()
    assert f'## 1.0.0 ({DATE})' in (checkout / 'CHANGELOG.md').read_text()
    assert '\n| 1.0 | 4.7.0 – 4.7.x |' in (checkout / 'COMPATIBILITY.md').read_text()
    assert 'netbox_ssl_inventory-1.0.0-py3-none-any.whl' in (checkout / 'docs/how-to/install.md').read_text()
    assert '"version": "1.0.0"' in (checkout / 'docs/reference/rest-api.md').read_text()
    assert '5 - Production/Stable' in (checkout / 'pyproject.toml').read_text()
    released = release.read_released(checkout)
    assert (released['version'], list(released['migrations'])) == ('1.0.0', ['0001_initial'])


def test_a_later_release_keeps_the_rows_and_adds_the_new_migrations(checkout):
    release.prepare(checkout, '1.0.0', DATE)
    unreleased(checkout)
    (checkout / 'netbox_ssl/migrations/0002_more.py').write_text('# more\n')
    release.prepare(checkout, '1.1.0', DATE)
    text = (checkout / 'COMPATIBILITY.md').read_text()
    assert text.index('\n| 1.1 |') < text.index('\n| 1.0 |')
    assert list(release.read_released(checkout)['migrations']) == ['0001_initial', '0002_more']


@pytest.mark.parametrize('change', ['rewritten', 'removed'])
def test_a_changed_migration_of_a_release_is_refused(checkout, change):
    release.prepare(checkout, '1.0.0', DATE)
    unreleased(checkout)
    migration = checkout / 'netbox_ssl/migrations/0001_initial.py'
    if change == 'removed':
        migration.unlink()
    else:
        migration.write_text(f'{migration.read_text()}\n')
    with pytest.raises(Failure, match='0001_initial'):
        release.prepare(checkout, '1.1.0', DATE)
    assert "__version__ = '1.0.0'" in (checkout / 'netbox_ssl/__init__.py').read_text()


def test_the_previous_release(checkout):
    changes = checkout / 'CHANGELOG.md'
    changes.write_text('# Changes\n\n## 1.0.0 (unreleased)\n\n- First.\n')
    assert release.previous_release(checkout) is None
    release.prepare(checkout, '1.0.0', DATE)
    assert release.previous_release(checkout) is None
    unreleased(checkout)
    assert release.previous_release(checkout) == '1.0.0'
    release.prepare(checkout, '1.1.0', DATE)
    assert release.previous_release(checkout) == '1.0.0'


def test_before_the_first_stable_release_migrations_are_not_recorded(checkout):
    release.prepare(checkout, '0.9.0rc1', DATE)
    assert release.read_released(checkout)['migrations'] == {}


@pytest.mark.parametrize('version', ['', '1.0', 'v1.0.0', '1.0.0.dev1', '1.0.0', '1.0.0rc1', '0.9.0'])
def test_versions_that_are_refused(checkout, version):
    release.prepare(checkout, '1.0.0', DATE)
    unreleased(checkout)
    with pytest.raises(Failure, match='version|not newer'):
        release.prepare(checkout, version, DATE)


def test_a_release_without_changes_is_refused(checkout):
    release.prepare(checkout, '1.0.0', DATE)
    with pytest.raises(Failure, match='CHANGELOG'):
        release.prepare(checkout, '1.0.1', DATE)


def test_order_of_versions():
    versions = ['0.9.0', '1.0.0a1', '1.0.0b1', '1.0.0rc1', '1.0.0rc2', '1.0.0', '1.0.1', '1.2.0', '1.10.0']
    assert sorted(versions, key=release.order) == versions
