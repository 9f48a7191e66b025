"""The output of the import command while it runs."""

import io
import os
import unittest
from collections import Counter
from unittest import mock

from django.core.management.base import OutputWrapper

from netbox_ssl.imports.folder import console as reporting
from netbox_ssl.imports.folder.runner import Outcome

OUTCOME = Outcome(actions=Counter(created=2, unchanged=1))


class LinesTestCase(unittest.TestCase):
    def progress(self, verbosity: int, seconds: int) -> str:
        stdout = io.StringIO()
        with (
            mock.patch.object(reporting, 'SECONDS_BETWEEN_LINES', seconds),
            reporting.LineReporter(OutputWrapper(stdout), OutputWrapper(io.StringIO()), verbosity) as reporter,
        ):
            reporter.written(OUTCOME)
        return stdout.getvalue()

    def test_a_line_from_time_to_time(self):
        self.assertEqual(self.progress(verbosity=1, seconds=0), '3 certificates, 2 created, 1 unchanged\n')
        self.assertEqual(self.progress(verbosity=1, seconds=3600), '')

    def test_none_if_quiet(self):
        self.assertEqual(self.progress(verbosity=0, seconds=0), '')


class BarTestCase(unittest.TestCase):
    def test_a_progress_bar_with_refusals_above_it(self):
        terminal = io.StringIO()
        stdout = OutputWrapper(terminal)
        # Rich then draws as on a terminal.
        with (
            mock.patch.dict(os.environ, {'FORCE_COLOR': '1', 'COLUMNS': '120', 'TERM': 'xterm'}),
            reporting.BarReporter(stdout, OutputWrapper(io.StringIO()), 1, total=200) as reporter,
        ):
            reporter.read(100)
            reporter.written(OUTCOME)
            reporter.refused('[bold]a.pem[/bold]', 'No certificate.')
        drawn = terminal.getvalue()
        self.assertIn('Refused [bold]a.pem[/bold]: No certificate.', drawn)
        self.assertIn('3 certificates, 2 created, 1 unchanged', drawn)
        self.assertIn('50%', drawn)
