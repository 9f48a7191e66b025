"""
Imports by all entrances at the same time: REST reports, NetBox's bulk import page, the folder command, and the
background job of Smart Paste. The result is the same as of imports in sequence.
"""

import io
import json
import tempfile
import uuid
from pathlib import Path

from core.choices import JobStatusChoices
from core.models import Job
from django.core.management import call_command
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from netbox_ssl.jobs.smart_paste import SmartPasteJob
from netbox_ssl.models import Certificate, CertificateSource, Issuance
from netbox_ssl.netbox_internals import NetBoxFakeRequest
from tests.support.announcements import CommittingTestCase
from tests.support.factories import DAY, issue_acme, successor, superuser
from tests.support.reporting import external_id, report, source_of
from tests.support.threads import at_once

CERTIFICATES = 12


class EntrancesTestCase(CommittingTestCase):
    def setUp(self):
        super().setUp()
        self.user = superuser()

    #
    # Entrances: each returns a function that imports a list, and refuses none of it.
    #

    def page(self, issued):
        client = self.client_of_user()
        values = {'format': 'json', 'csv_delimiter': 'auto', 'import_method': 'direct'}
        data = {'data': json.dumps([{'pem': each.fullchain_pem} for each in issued]), **values}

        def send():
            response = client.post(reverse('plugins:netbox_ssl:certificate_bulk_import'), data)
            assert response.status_code == 302, response.context['form'].errors

        return send

    def rest(self, reports):
        """``reports``: pairs of an external ID and an X.509 certificate."""
        client = self.client_of_user()
        entries = [{'pem': each.fullchain_pem, 'external_id': name} for name, each in reports]

        def send():
            url = reverse('plugins-api:netbox_ssl-api:certificate-import')
            response = client.post(url, json.dumps(entries), content_type='application/json')
            assert response.status_code in (200, 201), response.content

        return send

    def folder(self, issued, host):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        for number, each in enumerate(issued):
            (Path(folder.name) / f'{number}.pem').write_text(each.fullchain_pem)
        options = {'client': 'files', 'external_id_prefix': f'files:{host}', 'user': self.user.username}

        def run():
            call_command('import_certificates', folder.name, stdout=io.StringIO(), stderr=io.StringIO(), **options)

        return run

    def job(self, issued):
        request = NetBoxFakeRequest(
            {'META': {}, 'COOKIES': {}, 'POST': QueryDict(), 'GET': {}, 'FILES': {}, 'user': self.user}
        )
        request.id, request.method, request.path, request.path_info = uuid.uuid4(), 'POST', '', ''
        texts = [each.fullchain_pem for each in issued]

        def run():
            job = SmartPasteJob.enqueue(user=self.user, request=request, texts=texts, immediate=True)
            job = Job.objects.get(pk=job.pk)
            assert job.status == JobStatusChoices.STATUS_COMPLETED, job.error
            assert not [each['errors'] for each in job.data['results'] if each['errors']], job.data

        return run

    def client_of_user(self):
        client = Client()
        client.force_login(self.user)
        self.addCleanup(client.logout)
        return client

    def assertEnd(self, certificates, issuances):
        """Assert that each X.509 certificate is recorded once, also the current one of each certificate."""
        self.assertEqual((Certificate.objects.count(), Issuance.objects.count()), (certificates, issuances))
        for certificate in Certificate.objects.all():
            issuance = Issuance.objects.get(fingerprint_sha256=certificate.fingerprint_sha256)
            self.assertEqual(issuance.certificate, certificate)

    def test_the_same_new_certificates(self):
        issued = [issue_acme(f'www{number}.example.net') for number in range(CERTIFICATES)]
        turned = issued[::-1]
        at_once(
            [
                self.page(issued),
                self.page(turned),
                self.job(turned),
                self.job(issued),
                self.folder(issued, 'web01'),
                self.rest([(f'certbot:web02:{number}', each) for number, each in enumerate(turned)]),
            ]
        )
        self.assertEnd(CERTIFICATES, CERTIFICATES)
        self.assertEqual(CertificateSource.objects.count(), 2 * CERTIFICATES)
        self.assertEqual(set(Certificate.objects.values_list('unreported_since', flat=True)), {None})

    def test_renewals_of_certificates_with_copies(self):
        """Copies that are ahead of their client are merged into its certificate."""
        issued = [issue_acme(f'www{number}.example.net') for number in range(CERTIFICATES)]
        lineages = {number: f'certbot:issuer:{number}' for number in range(CERTIFICATES)}
        self.rest([(lineages[number], each) for number, each in enumerate(issued)])()
        first = set(Certificate.objects.values_list('pk', flat=True))
        self.folder(issued, 'web01')()
        self.assertEnd(CERTIFICATES, CERTIFICATES)
        renewed = [successor(each) for each in issued]
        turned = renewed[::-1]
        reports = [(lineages[number], each) for number, each in enumerate(renewed)]
        at_once(
            [
                self.folder(renewed, 'web01'),
                self.rest(reports[::-1]),
                self.rest(reports),
                self.page(turned),
                self.job(renewed),
                self.folder(turned, 'web02'),
            ]
        )
        self.assertEnd(CERTIFICATES, 2 * CERTIFICATES)
        self.assertEqual(set(Certificate.objects.values_list('pk', flat=True)), first)
        current = set(Certificate.objects.values_list('pem', flat=True))
        self.assertEqual(current, {each.pem for each in renewed})
        for source in CertificateSource.objects.select_related('issuance'):
            self.assertEqual((source.issuance.certificate_id, source.state), (source.certificate_id, 'current'))

    def test_hosts_that_order_for_themselves(self):
        """Their certificates are separated, whatever is pasted or imported at the same time."""
        for turn in range(3):
            hosts = [f'web{number}' for number in range(4)]
            shared = issue_acme(f'{turn}.example.net')
            for host in hosts:
                report(host, shared, 'client', turn, user=self.user)
            own = {host: successor(shared, later=(40 + number) * DAY) for number, host in enumerate(hosts)}
            reports = [self.rest([(external_id(host, 'client', turn), own[host])]) for host in hosts]
            at_once([*reports, self.page([own['web0']]), self.job([own['web1']]), self.folder([own['web2']], turn)])
            # The next nights
            for _night in range(2):
                for host in hosts:
                    report(host, own[host], 'client', turn, user=self.user)
            renewed = {host: successor(each) for host, each in own.items()}
            at_once([self.rest([(external_id(host, 'client', turn), each)]) for host, each in renewed.items()])
            with self.subTest(turn):
                sources = [source_of(host, 'client', turn) for host in hosts]
                self.assertEqual([each.issuance.pem for each in sources], [renewed[host].pem for host in hosts])
                self.assertEqual([each.certificate.pem for each in sources], [renewed[host].pem for host in hosts])
                for certificate in Certificate.objects.all():
                    issuance = Issuance.objects.get(fingerprint_sha256=certificate.fingerprint_sha256)
                    self.assertEqual(issuance.certificate, certificate)
