"""Settings for all tests. `make test` runs them and creates the databases (tests/command.py)."""

import gc
import sys
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, settings

# The time that an example takes depends on how busy the machine is.
settings.register_profile('untimed', deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile('untimed')

# Allocations after which Python looks for garbage: tests make much more of it than the default expects.
GARBAGE = 50_000


def pytest_collection_finish():
    """Keep the garbage collector away from NetBox and the tests, which stay until the end."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE)


@pytest.fixture(autouse=True)
def default_preferences():
    """Restore the preferences of new users: NetBox 4.7.0 gives them the default itself, not a copy of it."""
    if (parameters := sys.modules.get('netbox.config.parameters')) is None:
        # A test without NetBox
        yield
        return
    default = next(each.default for each in parameters.PARAMS if each.name == 'DEFAULT_USER_PREFERENCES')
    before = deepcopy(default)
    yield
    default.clear()
    default.update(before)


@pytest.fixture(scope='session')
def django_db_setup(django_test_environment, django_db_modify_db_settings):
    """Use the copy of the migrated database. The original looks for migrations to apply, which takes seconds."""
    from django.db import connections

    for connection in connections.all():
        connection.close()
        connection.settings_dict['NAME'] = connection.settings_dict['TEST']['NAME']
