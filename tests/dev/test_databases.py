"""A new database is migrated by the quick method, and by ``netbox migrate`` when that fails."""

import pytest

from dev import databases, migrating
from dev.console import Failure
from dev.databases import Databases, netbox_template


class Recorded(Databases):
    """Databases whose steps are recorded instead of taken."""

    def __init__(self, monkeypatch, failing=()):
        super().__init__(server=None)
        self.steps = []
        self.failing = failing
        monkeypatch.setattr(migrating, 'migrate', self.record_migrate)

    def drop(self, name):
        self.steps.append('drop')

    def create(self, name, template='template0'):
        self.steps.append(f'create from {template}')

    def url(self, name):
        return f'postgresql://127.0.0.1/{name}'

    def record_migrate(self, url, plugins, how):
        self.steps.append(how[0])
        if how in self.failing:
            raise Failure('the migrations could not be applied.')


def test_quick_method_is_enough(monkeypatch):
    recorded = Recorded(monkeypatch)
    recorded.migrate(netbox_template(), 'template0', f'{databases.PREFIX}new')
    assert recorded.steps == ['drop', 'create from template0', 'dev.quick_migrate']


def test_when_it_fails_netbox_migrates_a_fresh_database(monkeypatch, capsys):
    recorded = Recorded(monkeypatch, failing=[migrating.QUICK])
    recorded.migrate(netbox_template(), 'template0', f'{databases.PREFIX}new')
    fresh = ['drop', 'create from template0']
    assert recorded.steps == [*fresh, 'dev.quick_migrate', *fresh, 'netbox']
    assert 'Starting again without' in capsys.readouterr().err


def test_a_migration_that_fails_both_ways_is_reported(monkeypatch):
    recorded = Recorded(monkeypatch, failing=[migrating.QUICK, migrating.ORIGINAL])
    with pytest.raises(Failure, match='could not be applied'):
        recorded.migrate(netbox_template(), 'template0', f'{databases.PREFIX}new')
