from itertools import chain

from core.choices import JobStatusChoices
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from netbox_ssl.announcements.sweep.certificates import pending
from netbox_ssl.announcements.sweep.endpoints import pending_endpoints
from netbox_ssl.announcements.sweep.sources import pending_sources
from netbox_ssl.event_types import (
    CERTIFICATE_EXPIRING,
    ENDPOINT_PROBLEM,
    ENDPOINT_RECOVERED,
    RENEWAL_OVERDUE,
    SOURCE_BEHIND,
    SOURCE_EXPIRED,
    SOURCE_SILENT,
)
from netbox_ssl.jobs.sweep import RenewalSweepJob
from netbox_ssl.netbox_internals import get_config

CHANGES = {
    SOURCE_EXPIRED: 'source expired',
    SOURCE_BEHIND: 'source behind',
    SOURCE_SILENT: 'source silent',
    ENDPOINT_PROBLEM: 'endpoint problem',
    ENDPOINT_RECOVERED: 'endpoint recovered',
}


class Command(BaseCommand):
    help = (
        'Announce changes of renewal status and validity that were not made by a request, as `netbox rqworker` does '
        'automatically every minute; for cron where no worker runs permanently, and to see what would be announced.'
    )

    def add_arguments(self, parser):
        parser.add_argument(
            '--dry-run',
            action='store_true',
            help='Only list what would be announced',
        )

    def handle(self, *args, **options):
        if options['dry_run']:
            self.show()
        elif get_config().MAINTENANCE_MODE:
            self.stdout.write(_('NetBox is in maintenance mode: nothing was announced.'))
        else:
            self.sweep(quiet=options['verbosity'] == 0)

    def show(self):
        count = 0
        for announcement in pending(timezone.now()):
            count += 1
            certificate, change = announcement.certificate, _describe(announcement)
            self.stdout.write(
                f'{certificate.pk}\t{certificate}\t{change}\tsince {announcement.since:%Y-%m-%d %H:%M:%S %Z}'
            )
        for announcement in chain(pending_sources(timezone.now()), pending_endpoints(timezone.now())):
            count += 1
            change = CHANGES[announcement.event_type]
            found = announcement.object
            self.stdout.write(f'{found.pk}\t{found}\t{change}\tsince {announcement.since:%Y-%m-%d %H:%M:%S %Z}')
        self.stdout.write(_('{count} to announce.').format(count=count))

    def sweep(self, quiet):
        job = RenewalSweepJob.enqueue(immediate=True)
        job.refresh_from_db()
        if job.status != JobStatusChoices.STATUS_COMPLETED:
            message = _('The sweep failed: {error} Nothing is lost: the next sweep tries again.')
            raise CommandError(message.format(error=job.error))
        if not quiet:
            self.stdout.write(_('Announced: {summary}.').format(summary=job.data['summary']))
            sources = job.data['sources']
            if sources['expired'] or sources['behind'] or sources['silent']:
                self.stdout.write(
                    f'Announced: {sources["expired"]} sources expired, {sources["behind"]} sources behind, '
                    f'{sources["silent"]} sources silent.'
                )
            endpoints = job.data['endpoints']
            if endpoints['problems'] or endpoints['recovered']:
                self.stdout.write(
                    f'Announced: {endpoints["problems"]} endpoints with a problem, '
                    f'{endpoints["recovered"]} endpoints recovered.'
                )
        if failed := job.data['failed']:
            message = ngettext(
                '{count} certificate could not be announced; see the log.',
                '{count} certificates could not be announced; see the log.',
                failed,
            )
            raise CommandError(message.format(count=failed))
        if failed := job.data['sources']['failed']:
            message = ngettext(
                '{count} source could not be announced; see the log.',
                '{count} sources could not be announced; see the log.',
                failed,
            )
            raise CommandError(message.format(count=failed))
        if failed := job.data['endpoints']['failed']:
            message = ngettext(
                '{count} endpoint could not be announced; see the log.',
                '{count} endpoints could not be announced; see the log.',
                failed,
            )
            raise CommandError(message.format(count=failed))


def _describe(announcement) -> str:
    """Return what an announcement about a certificate says."""
    if announcement.event_type == RENEWAL_OVERDUE:
        return 'renewal overdue'
    if announcement.event_type == CERTIFICATE_EXPIRING:
        return f'expires in {announcement.mark} days'
    if announcement.previous_status != announcement.renewal_status:
        return f'{announcement.previous_status or "none"} -> {announcement.renewal_status or "none"}'
    return f'{announcement.previous_validity} -> {announcement.validity}'
