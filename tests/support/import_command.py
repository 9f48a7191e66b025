"""Runs ``netbox import_certificates`` on files made for a test."""

import io
import tempfile
from pathlib import Path
from unittest import mock

from django.core.management import CommandError, call_command
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import superuser

__all__ = ('CommandTestCase',)


class CommandTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.admin = superuser()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, path, content) -> Path:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return target

    def run_command(self, *arguments, code=0, stdin=None, **options) -> tuple[str, str]:
        """Return standard output, and standard error without the message of the exit."""
        stdout, stderr = io.StringIO(), io.StringIO()
        given = [str(argument) for argument in arguments or (self.folder,)]
        with mock.patch('sys.stdin', mock.Mock(buffer=io.BytesIO(stdin or b''))):
            try:
                call_command('import_certificates', *given, stdout=stdout, stderr=stderr, **options)
                returned = 0
            except CommandError as error:
                returned = error.returncode
        self.assertEqual(returned, code, stdout.getvalue() + stderr.getvalue())
        return stdout.getvalue(), stderr.getvalue()

    def names(self) -> list[str]:
        return sorted(Certificate.objects.values_list('name', flat=True))
