from io import StringIO
from pathlib import Path

from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import TestCase

from dev.release import changed_migrations, digests_of, order, read_released
from netbox_ssl import NetBoxSSLConfig

ROOT = Path(__file__).parents[2]

# The newest migrations of NetBox 4.7.0, on which those of the plugin may depend
OLDEST_NETBOX = '4.7.0'
NEWEST_THERE = {'contenttypes': 2, 'core': 26, 'extras': 144, 'tenancy': 26, 'users': 16}


class MigrationsTestCase(TestCase):
    def test_none_is_missing(self):
        output = StringIO()
        try:
            call_command('makemigrations', 'netbox_ssl', check=True, dry_run=True, stdout=output, verbosity=3)
        except SystemExit:
            self.fail(output.getvalue())

    def test_they_apply_to_the_oldest_netbox_that_is_supported(self):
        """``makemigrations`` makes migrations depend on the newest migrations of the installed NetBox."""
        self.assertEqual(NetBoxSSLConfig.min_version, OLDEST_NETBOX)
        migrations = MigrationLoader(connection).disk_migrations
        needed = {on for (app, _), each in migrations.items() if app == 'netbox_ssl' for on in each.dependencies}
        # Of the model of users: any migration of its app
        numbered = {(app, name) for app, name in needed if app != 'netbox_ssl' and name != '__first__'}
        newer = {(app, name) for app, name in numbered if int(name[:4]) > NEWEST_THERE[app]}
        self.assertEqual(newer, set())

    def test_released_ones_are_never_rewritten(self):
        """From 1.0.0 on, databases have them. ``make release`` records them."""
        released = read_released(ROOT)
        self.assertEqual(changed_migrations(released['migrations'], digests_of(ROOT)), [])
        if order(NetBoxSSLConfig.version) >= order('1.0.0'):
            self.assertIn('0001_initial', released['migrations'])
