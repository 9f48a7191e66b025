"""NetBox does not start on the tables of a newer version, or of the other plugin whose app has the same name."""

from contextlib import contextmanager
from unittest import mock

from django.core.exceptions import ImproperlyConfigured, MiddlewareNotUsed
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase

from netbox_ssl import middleware
from netbox_ssl.checks import check_migrations
from netbox_ssl.checks.migration_state import OTHER_PLUGIN, foreign_migrations, known_migrations
from netbox_ssl.middleware import MigrationGuardMiddleware

NEWER = '9999_from_the_future'


@contextmanager
def applied(name):
    """Record a migration as applied, on a connection of its own, so that others see it."""
    connection = connections.create_connection(DEFAULT_DB_ALIAS)
    recorder = MigrationRecorder(connection)
    recorder.record_applied('netbox_ssl', name)
    try:
        yield
    finally:
        recorder.record_unapplied('netbox_ssl', name)
        connection.close()


class MigrationStateTestCase(TestCase):
    def setUp(self):
        middleware._foreign_migrations.cache_clear()
        self.addCleanup(middleware._foreign_migrations.cache_clear)

    def test_the_migrations_of_this_version(self):
        self.assertIn('0001_initial', known_migrations())
        self.assertEqual(foreign_migrations(), [])
        self.assertEqual(check_migrations(), [])
        with self.assertRaises(MiddlewareNotUsed):
            MigrationGuardMiddleware(None)

    def test_commands_refuse_a_newer_version(self):
        with applied(NEWER):
            for command, options in (('check', {}), ('migrate', {'skip_checks': False})):
                with self.subTest(command), self.assertRaisesMessage(SystemCheckError, NEWER):
                    call_command(command, verbosity=0, **options)
        self.assertEqual(foreign_migrations(), [])

    def test_the_web_server_refuses_a_newer_version(self):
        with applied(NEWER), self.assertRaisesMessage(ImproperlyConfigured, 'Install that version again'):
            MigrationGuardMiddleware(None)

    def test_the_tables_of_the_other_plugin(self):
        with applied(OTHER_PLUGIN):
            (error,) = check_migrations()
        self.assertIn('another plugin', error.msg)
        self.assertIn('Coming from netbox-ssl', error.hint)

    def test_a_database_that_cannot_be_read_is_no_reason(self):
        with mock.patch.object(MigrationRecorder, 'applied_migrations', side_effect=DatabaseError):
            self.assertEqual(foreign_migrations(), [])
