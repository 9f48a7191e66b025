from io import StringIO

from django.core.management import call_command
from django.test import TestCase


class MigrationsTestCase(TestCase):
    def test_none_is_missing(self):
        output = StringIO()
        try:
            call_command('makemigrations', 'netbox_ssl', check=True, dry_run=True, stdout=output, verbosity=3)
        except SystemExit:
            self.fail(output.getvalue())
