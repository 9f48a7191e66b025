"""What is published with the package: the file for NetBox Labs' plugin catalogue, and the table of versions."""

import re
import tomllib
from pathlib import Path

import yaml
from django.apps import apps

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
