import sys
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from netbox_ssl.imports.folder import STDIN, Listener
from netbox_ssl.imports.folder.console import count_certificates
from netbox_ssl.imports.netbox_ssl_export import ExportError, ExportImport, Outcome, read_export
from netbox_ssl.management.acting_user import acting_user
from netbox_ssl.netbox_internals import get_config
from netbox_ssl.x509 import visible


class Command(BaseCommand):
    # Skipped, because they load NetBox's pages and GraphQL, which takes seconds.
    requires_system_checks = ()
    help = (
        'Import what the plugin netbox-ssl of the Python Package Index recorded, from its export: the output of '
        '"netbox dumpdata --natural-foreign netbox_ssl extras.taggeditem tenancy.contactassignment '
        'extras.journalentry", pages of its REST API as JSON, or its own export as JSON or YAML with the PEM. Existing '
        'certificates are left unchanged, so it can be run again at any time. The exit code is 1 if anything was '
        'refused.'
    )

    def add_arguments(self, parser):
        parser.add_argument('files', nargs='+', metavar='FILE', help='An export, or - for standard input')
        parser.add_argument(
            '--user',
            metavar='NAME',
            help='Import on behalf of this user, with their permissions; the change log names them. Defaults to the '
            'active superuser that was created first',
        )
        parser.add_argument('--dry-run', action='store_true', help='Only report what would be done')

    def handle(self, *args, **options):
        user = acting_user(options['user'])
        if get_config().MAINTENANCE_MODE and not options['dry_run']:
            raise CommandError(_('NetBox is in maintenance mode: nothing was imported.'))
        export = self._read(options['files'])
        task = ExportImport(user, Printer(self.stdout, self.stderr))
        outcome = task.run(export, options['dry_run'])
        for line in summary(outcome, export, options['dry_run']):
            self.stdout.write(line)
        if outcome.refused:
            raise CommandError(_('{count} were refused.').format(count=outcome.refused), returncode=1)

    def _read(self, names):
        try:
            return read_export({name: self._text(name) for name in names})
        except ExportError as error:
            raise CommandError(str(error)) from error

    def _text(self, name) -> str:
        try:
            return sys.stdin.read() if name == STDIN else Path(name).read_text(encoding='utf-8')
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(
                _('{file} cannot be read: {reason}').format(
                    file=name, reason=getattr(error, 'strerror', None) or _('it is not text in UTF-8')
                )
            ) from error


class Printer(Listener):
    """Prints refusals to standard error, and what was left out to standard output."""

    def __init__(self, stdout, stderr):
        self.stdout, self.stderr = stdout, stderr

    def refused(self, where, message):
        self.stderr.write(_('Refused {where}: {message}').format(where=visible(where), message=visible(message, 1000)))

    def skipped(self, where, message):
        self.stdout.write(
            _('Not imported, {where}: {message}').format(where=visible(where), message=visible(message, 1000))
        )


def summary(outcome: Outcome, export, dry_run: bool) -> list[str]:
    """Return the result as lines."""
    heading = _('Would import') if dry_run else _('Imported')
    certificates = outcome.certificates
    lines = [
        _('{heading} {certificates}: {actions}').format(
            heading=heading, certificates=count_certificates(certificates.total()), actions=_counts(certificates) or '-'
        )
    ]
    if outcome.relations.total():
        lines.append(_('{heading} with them: {counts}').format(heading=heading, counts=_counts(outcome.relations)))
    if export.omitted:
        omitted = _counts(export.omitted)
        lines.append(_('Not imported, because there is nothing like it here: {counts}').format(counts=omitted))
    return lines


def _counts(counter) -> str:
    return ', '.join(f'{count} {name}' for name, count in counter.most_common() if count)
