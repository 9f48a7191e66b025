import signal
import threading
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from extras.models import Tag
from tenancy.models import Tenant

from netbox_ssl.imports.folder import STDIN, FolderImport, Options, Source, walk
from netbox_ssl.imports.folder.console import BarReporter, LineReporter, summary
from netbox_ssl.management.acting_user import acting_user
from netbox_ssl.models import CertificateSource
from netbox_ssl.netbox_internals import get_config
from netbox_ssl.validators import refuse_private_key

# The exit code that shells use for Ctrl-C
INTERRUPTED = 130


class Command(BaseCommand):
    # Skipped, because they load NetBox's pages and GraphQL, which takes seconds and 50 MB.
    requires_system_checks = ()
    help = (
        'Import certificates from files, folders and bundles of any size: *.pem, *.crt, *.cer, *.der, *.p7b, *.p7c, '
        'and other files that start like a certificate. Certificates already recorded are left unchanged, so it can be '
        'interrupted (Ctrl-C) and run again at any time. Files that contain a private key besides certificates are '
        'refused; files that contain only a key are skipped. The exit code is 1 if anything was refused.'
    )

    def add_arguments(self, parser):
        parser.add_argument(
            'paths',
            nargs='+',
            metavar='PATH',
            help='A file, a folder with all its subfolders (links to files are followed, links to folders are not), '
            'or - for standard input',
        )
        parser.add_argument(
            '--user',
            metavar='NAME',
            help='Import on behalf of this user, with their permissions; the change log names them. Defaults to the '
            'active superuser that was created first',
        )
        parser.add_argument(
            '--acme-auto-renewal',
            action='store_true',
            help='An ACME client renews them: report missed renewals. Certificates of unknown issuers '
            'are then treated as ACME certificates, too',
        )
        parser.add_argument('--tenant', metavar='SLUG', help='Set this tenant')
        parser.add_argument('--tag', metavar='SLUG', action='append', default=[], help='Add this tag; may be repeated')
        parser.add_argument(
            '--client',
            metavar='NAME',
            help='Record each file as a certificate source, reported by this client (certbot, for example). If '
            'several files in one folder contain the same certificate, only the one with its chain becomes a source',
        )
        parser.add_argument(
            '--external-id-prefix',
            metavar='PREFIX',
            help='External IDs of the sources are PREFIX:path relative to the given folder; in bundles of several '
            'certificates, PREFIX:path#name/key algorithm. Defaults to CLIENT; CLIENT:HOST is recommended',
        )
        parser.add_argument(
            '--include-ca',
            action='store_true',
            help='Import CA certificates, too: roots and intermediates, as certificates that are not ACME. Otherwise '
            'they are only stored in the chains of the certificates that they issued',
        )
        parser.add_argument('--dry-run', action='store_true', help='Only list what would be done')
        parser.add_argument(
            '--batch-size',
            metavar='COUNT',
            type=int,
            default=500,
            help='Number of certificates stored together, from 1 to 5000 (default: %(default)s)',
        )

    def handle(self, *args, **options):
        user = acting_user(options['user'])
        settings = self._options(options)
        if get_config().MAINTENANCE_MODE and not settings.dry_run:
            raise CommandError(_('NetBox is in maintenance mode: nothing was imported.'))
        with self._reporter(options) as reporter:
            task = FolderImport(user, settings, reporter)
            with self._finishing_batches(task, reporter):
                outcome = task.run(walk(options['paths']))
        if options['verbosity'] > 0:
            for line in summary(outcome, settings.dry_run):
                self.stdout.write(line)
        if task.stopped:
            message = _('Interrupted. Imported certificates are kept; run the command again to continue.')
            raise CommandError(message, returncode=INTERRUPTED)
        if outcome.refused:
            raise CommandError(_('{count} were refused.').format(count=outcome.refused.total()), returncode=1)

    def _options(self, options) -> Options:
        if not 1 <= options['batch_size'] <= 5000:
            raise CommandError(_('--batch-size: must be a number from 1 to 5000.'))
        client, prefix = options['client'] or '', options['external_id_prefix'] or ''
        if prefix and not client:
            raise CommandError(_('--external-id-prefix requires --client.'))
        longest = CertificateSource._meta.get_field('client').max_length
        if len(client) > longest:
            raise CommandError(_('--client: at most {count} characters.').format(count=longest))
        try:
            refuse_private_key('client', [client, prefix])
        except ValidationError as error:
            raise CommandError(' '.join(error.messages)) from error
        return Options(
            attributes=self._attributes(options),
            client=client,
            external_id_prefix=prefix or client,
            batch_size=options['batch_size'],
            dry_run=options['dry_run'],
            include_ca=options['include_ca'],
        )

    def _attributes(self, options) -> dict:
        attributes = {}
        if options['acme_auto_renewal']:
            attributes['acme_auto_renewal'] = True
        if options['tenant']:
            attributes['tenant'] = self._by_slug(Tenant, options['tenant'], '--tenant')
        if options['tag']:
            attributes['add_tags'] = [self._by_slug(Tag, slug, '--tag') for slug in dict.fromkeys(options['tag'])]
        return attributes

    def _by_slug(self, model, slug, option):
        if found := model.objects.filter(slug=slug).first():
            return found
        raise CommandError(_('{option}: no object has the slug "{slug}".').format(option=option, slug=slug))

    def _reporter(self, options):
        verbosity = options['verbosity']
        if verbosity > 0 and self.stdout.isatty() and self.stderr.isatty():
            return BarReporter(self.stdout, self.stderr, verbosity, _bytes_in(options['paths']))
        return LineReporter(self.stdout, self.stderr, verbosity)

    @contextmanager
    def _finishing_batches(self, task, reporter):
        """Let the first Ctrl-C finish the batch that is being stored, with its events; the second aborts."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number, frame):
            if task.stopped:
                raise KeyboardInterrupt
            task.stop()
            reporter.write(_('Finishing the current batch; press Ctrl-C again to abort it'))

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bytes_in(paths) -> int | None:
    """Return the bytes to read, or None if standard input is among the paths."""
    if STDIN in paths:
        return None
    return sum(source.size for source in walk(paths) if isinstance(source, Source))
