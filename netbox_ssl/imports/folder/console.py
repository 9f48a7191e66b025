"""Show the progress of an import: a progress bar on a terminal, lines elsewhere."""

import time
from contextlib import AbstractContextManager

from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from netbox_ssl.x509 import visible

from .runner import Listener, Outcome

__all__ = ('BarReporter', 'LineReporter', 'count_certificates', 'summary')

# For output that is not a terminal
SECONDS_BETWEEN_LINES = 10


class LineReporter(Listener, AbstractContextManager):
    """Shows progress in logs and pipes."""

    def __init__(self, stdout, stderr, verbosity: int):
        self.stdout, self.stderr, self.verbosity = stdout, stderr, verbosity
        self._last_line = time.monotonic()

    def __exit__(self, *exception):
        return None

    def refused(self, where, message):
        self.write_error(_('Refused {where}: {message}').format(where=where, message=_one_line(message)))

    def skipped(self, where, message):
        if self.verbosity > 1:
            self.write(_('Skipped {where}: {message}').format(where=where, message=_one_line(message)))

    def planned(self, where, action, name):
        if self.verbosity > 0:
            self.write(f'{action}\t{name}\t{where}')

    def written(self, outcome: Outcome):
        if self.verbosity > 0 and time.monotonic() - self._last_line >= SECONDS_BETWEEN_LINES:
            self._last_line = time.monotonic()
            self.write(_progress(outcome))

    def write(self, line: str):
        self.stdout.write(line)
        self.stdout.flush()

    def write_error(self, line: str):
        self.stderr.write(line)


class BarReporter(LineReporter):
    """Shows progress in a terminal."""

    def __init__(self, stdout, stderr, verbosity: int, total: int | None):
        """
        Args:
            total: bytes to read, None if unknown
        """
        super().__init__(stdout, stderr, verbosity)
        self._progress = Progress(
            TextColumn('{task.description}'),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=Console(file=stdout._out),
            transient=True,
        )
        self._task = self._progress.add_task(_progress(Outcome()), total=total)

    def __enter__(self):
        self._progress.start()
        return self

    def __exit__(self, *exception):
        self._progress.stop()

    def read(self, count):
        self._progress.advance(self._task, count)

    def written(self, outcome):
        self._progress.update(self._task, description=_progress(outcome))

    def write(self, line):
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)

    write_error = write


def summary(outcome: Outcome, dry_run: bool) -> list[str]:
    """Return the result as lines: by action, by reason for refusal, by reason for skipping."""
    heading = _('Would import') if dry_run else _('Imported')
    files = ngettext('{count} file', '{count} files', outcome.files).format(count=outcome.files)
    lines = [
        _('{heading} {certificates} from {files}: {actions}').format(
            heading=heading,
            certificates=count_certificates(outcome.certificates),
            files=files,
            actions=_counts(outcome.actions) or '-',
        )
    ]
    if outcome.skipped:
        lines.append(
            _('Skipped {count}: {causes}').format(count=outcome.skipped.total(), causes=_counts(outcome.skipped))
        )
    if outcome.refused:
        lines.append(
            _('Refused {count}: {causes}').format(count=outcome.refused.total(), causes=_counts(outcome.refused))
        )
    return lines


def _progress(outcome: Outcome) -> str:
    text = count_certificates(outcome.certificates)
    return f'{text}, {_counts(outcome.actions)}' if outcome.actions else text


def count_certificates(count: int) -> str:
    return ngettext('{count} certificate', '{count} certificates', count).format(count=count)


def _counts(counter) -> str:
    return ', '.join(f'{count} {name.replace("_", " ")}' for name, count in counter.most_common())


def _one_line(message: str) -> str:
    """Return a message without control characters, which names of files and certificates may contain."""
    return visible(message, 1000)
