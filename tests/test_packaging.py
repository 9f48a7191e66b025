"""What is published with the package: the file for NetBox Labs' plugin catalogue, and the table of versions."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import yaml
from django.apps import apps

from tests.support.programs import INSTALLED

ROOT = Path(__file__).parents[1]


def test_the_catalogue_file_describes_the_plugin():
    config = apps.get_app_config('netbox_ssl')
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    assert yaml.safe_load((ROOT / 'netbox-plugin.yaml').read_text()) == {
        'schema_version': 1,
        'package_name': project['name'],
        'plugin_name': config.name,
        'netbox_min': config.min_version,
        'netbox_max': config.max_version,
        'config': {'required_settings': list(config.required_settings), 'default_settings': config.default_settings},
    }


def test_this_version_is_in_the_table_of_versions_and_in_the_changes():
    config = apps.get_app_config('netbox_ssl')
    minor = config.version.rpartition('.')[0]
    series = config.max_version.rpartition('.')[0]
    supported = f'{config.min_version} – {series}.x'
    assert re.search(
        rf'^\| {re.escape(minor)} \| {re.escape(supported)} \|', (ROOT / 'COMPATIBILITY.md').read_text(), re.M
    )
    assert f'## {config.version} ' in (ROOT / 'CHANGELOG.md').read_text()


def workflow(name) -> dict:
    return yaml.safe_load((ROOT / '.github' / 'workflows' / name).read_text())


def test_a_release_is_built_once_and_tested_before_it_is_published():
    jobs = workflow('release.yml')['jobs']
    building = [name for name, job in jobs.items() if 'make wheel' in str(job)]
    assert building == ['build']
    needed, waiting = set(), ['publish']
    while waiting:
        needs = jobs[waiting.pop()].get('needs', [])
        new = {needs} if isinstance(needs, str) else set(needs)
        waiting += new - needed
        needed |= new
    assert needed == {'attest', 'test', 'checks', 'build'}


def test_only_the_jobs_that_need_it_may_write():
    for file in sorted((ROOT / '.github' / 'workflows').glob('*.yml')):
        assert workflow(file.name)['permissions'] == {'contents': 'read'}, file.name
    writing = {
        name: sorted(key for key, value in job['permissions'].items() if value == 'write')
        for name, job in workflow('release.yml')['jobs'].items()
        if 'permissions' in job
    }
    assert writing == {'attest': ['attestations', 'id-token'], 'publish': ['id-token'], 'announce': ['contents']}


def test_releases_are_tested_with_the_supported_versions():
    tested = workflow('release.yml')['jobs']['test']['strategy']['matrix']
    assert tested == workflow('ci.yml')['jobs']['check']['strategy']['matrix']
    project = tomllib.loads((ROOT / 'pyproject.toml').read_text())['project']
    named = [each.rpartition(' ')[2] for each in project['classifiers'] if re.search(r':: 3\.\d+$', each)]
    assert tested['python'] == named
    assert min(tested['netbox']) == apps.get_app_config('netbox_ssl').min_version


def test_the_continuous_integration_installs_the_programs_of_the_tests():
    (command,) = re.findall(r'^ +(sed .*?) \|$', (ROOT / '.github/workflows/ci.yml').read_text(), re.MULTILINE)
    done = subprocess.run(['sh', '-c', command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == set(INSTALLED.values()) - {'chromium'}


def test_the_notes_of_a_release_are_its_section_of_the_changes(tmp_path):
    (command,) = re.findall(
        r"^ +(awk '.*?') CHANGELOG.md", (ROOT / '.github/workflows/release.yml').read_text(), re.MULTILINE
    )
    changes = tmp_path / 'CHANGELOG.md'
    changes.write_text(
        '# Changes\n\n## 1.0.10 (2027-02-01)\n\nB\n\n## 1.0.1 (2027-01-01)\n\nA\n\n### Part\n\nC\n\n## 1.0.0 (x)\n\nD\n'
    )
    environment = {'PATH': os.environ['PATH'], 'GITHUB_REF_NAME': 'v1.0.1'}
    done = subprocess.run(
        ['sh', '-c', f'{command} {changes}'], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ['A', '###', 'Part', 'C']


def test_what_a_catalogue_shows_is_there():
    """Screenshots, icon, support, licence: what NetBox Labs asks for in its catalogue."""
    readme = (ROOT / 'README.md').read_text()
    shown = re.findall(r'!\[[^\]]+\]\((\S+)\)', readme)
    assert len(shown) > 1
    for name in (*shown, 'docs/images/icon.svg', 'LICENSE', 'SECURITY.md'):
        assert (ROOT / name).stat().st_size > 0
    for title in ('## Features', '## Install into an existing NetBox', '## Documentation'):
        assert title in readme
    assert '## Support' in (ROOT / 'COMPATIBILITY.md').read_text()
