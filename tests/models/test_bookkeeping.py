"""A save never overwrites announcements, responses or reports recorded since its instance was read."""

from datetime import timedelta
from unittest.mock import patch

from django.db import OperationalError, connection
from django.db.models.signals import pre_save
from django.utils import timezone

from netbox_ssl.models import Certificate, CertificateSource
from tests.support.announcements import CommittingTestCase, make_certificate
from tests.support.threads import SECONDS, in_thread

DAY = timedelta(days=1)


class BookkeepingTestCase(CommittingTestCase):
    def test_values_written_without_saving_a_certificate_are_kept(self):
        certificate = make_certificate()
        window = timezone.now() + DAY
        written = {
            'announced_status': 'Due',
            'announced_overdue': True,
            'ari_window_start': window,
            'ari_window_end': window,
            'ari_error': 'timed out',
            'ari_failures': 3,
        }
        Certificate.objects.filter(pk=certificate.pk).update(**written)
        certificate.description = 'changed'
        certificate.save()
        for each in (certificate, Certificate.objects.get(pk=certificate.pk)):
            self.assertEqual({name: getattr(each, name) for name in written}, written)
            self.assertEqual(each.renewal_due_at, window)
        self.assertEqual(Certificate.objects.get(pk=certificate.pk).description, 'changed')

    def test_values_written_without_saving_a_source_are_kept(self):
        certificate = make_certificate()
        source = CertificateSource.objects.create(certificate=certificate, external_id='certbot:web01:www')
        reported = timezone.now()
        CertificateSource.objects.update(reported_at=reported, silent_announced=True)
        source.client = 'certbot'
        source.save()
        for each in (source, CertificateSource.objects.get()):
            self.assertEqual((each.reported_at, each.silent_announced, each.client), (reported, True, 'certbot'))

    def test_bookkeeping_is_locked_during_a_save(self):
        def lock(model, pk):
            with connection.cursor() as cursor:
                cursor.execute(f'SELECT 1 FROM {model._meta.db_table} WHERE id = %s FOR UPDATE NOWAIT', [pk])

        def interfere(sender, instance, **kwargs):
            # Before the row itself is written
            with self.assertRaises(OperationalError):
                in_thread(lock, sender, instance.pk).result(SECONDS)
            tried.append(sender)

        certificate = make_certificate()
        source = CertificateSource.objects.create(certificate=certificate, external_id='certbot:web01:www')
        tried = []
        for each in (certificate, source):
            pre_save.connect(interfere, sender=type(each))
            try:
                each.save()
            finally:
                pre_save.disconnect(interfere, sender=type(each))
        self.assertEqual(tried, [Certificate, CertificateSource])

    def test_a_save_that_fails_leaves_an_instance_that_can_be_saved(self):
        certificate = make_certificate()
        certificate.description = 'changed'
        with patch.object(Certificate, 'record_issuance', side_effect=RuntimeError), self.assertRaises(RuntimeError):
            certificate.save()
        certificate.save()
        self.assertEqual(Certificate.objects.get().description, 'changed')
