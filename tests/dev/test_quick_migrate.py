"""New databases are migrated by a faster method, which is only used with versions it was compared with."""

from dev import paths
from tests.support import migration_comparison


def test_the_result_was_compared_with_that_of_netbox_migrate():
    compared = migration_comparison.recorded().get(paths.NETBOX_VERSION)
    assert compared == migration_comparison.versions(), 'run `make compare-migrations` and commit its record'
