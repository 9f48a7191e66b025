"""Stored or logged keys would be detected by the other tests of this folder."""

import json
import logging

import django_rq
from django.core.cache import cache
from utilities.testing import TestCase

from netbox_ssl.models import Certificate
from tests.support.factories import record
from tests.support.key_leaks import WatchingMixin, stored
from tests.support.key_material import FORMS, material


class WatchingTestCase(WatchingMixin, TestCase):
    def test_stored_keys_are_found(self):
        for form in FORMS:
            with self.subTest(form):
                made = material(form)
                certificate = record()
                Certificate.objects.filter(pk=certificate.pk).update(custom_field_data={'x': made.text})
                self.assertCountEqual(stored(Certificate, made.secrets), made.secrets)
                self.assertTrue(all(secret in json.dumps(made.text) for secret in made.secrets))
                certificate.delete()

    def test_logged_keys_are_found(self):
        made = material('PKCS#8, PEM')
        with self.assertRaises(AssertionError), self.nothing_kept(made):
            logging.getLogger('netbox').error('Got %s', made.text)

    def test_keys_in_the_cache_or_in_a_job_are_found(self):
        made = material('PKCS#8, PEM')
        self.addCleanup(cache.delete, 'test')
        with self.assertRaises(AssertionError), self.nothing_kept(made):
            cache.set('test', {'text': made.text})
        cache.delete('test')
        queue = django_rq.get_queue('low')
        with self.assertRaises(AssertionError), self.nothing_kept(made):
            queue.enqueue(print, made.text)
        for job in queue.jobs:
            if job.func_name == 'builtins.print':
                job.delete()
