"""Checks whether any part of a private key was stored or shown."""

import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import django_rq
from core.models import Job, ObjectChange
from django.db import connection
from django_redis import get_redis_connection
from extras.models import CachedValue, Tag
from users.models import ObjectPermission

from netbox_ssl.models import Certificate, CertificateSource, Endpoint, Issuance
from tests.support.factories import grant
from tests.support.key_material import Material

__all__ = ('WatchingMixin',)

# Tables in which NetBox stores input of the plugin's pages and endpoints
MODELS = (Certificate, Issuance, CertificateSource, Endpoint, ObjectChange, CachedValue, Job, Tag)

# Not just "private key", which is also in the help texts of the forms.
REFUSALS = r'contains a private key'


class Listener(logging.Handler):
    def __init__(self):
        super().__init__(logging.DEBUG)
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


class WatchingMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What earlier tests have left there would be searched each time.
        for connection_ in redis_connections():
            connection_.flushdb()

    def permit(self) -> None:
        for model in (Certificate, CertificateSource, Endpoint):
            grant(self.user, 'view', 'add', 'change', 'delete', model=model)
        self.assertTrue(ObjectPermission.objects.exists())

    @contextmanager
    def nothing_kept(self, material: Material):
        """Assert that the context stores and logs no part of ``material``, and nothing in the tables of the plugin."""
        counts = [(model, model.objects.count()) for model in MODELS]
        listener = Listener()
        root = logging.getLogger()
        root.addHandler(listener)
        try:
            # Including NetBox's actions after the commit: the search index, jobs
            with self.captureOnCommitCallbacks(execute=True):
                yield
        finally:
            root.removeHandler(listener)
        self.assertEqual([(model, model.objects.count()) for model in MODELS], counts)
        cached = b'\n'.join(in_redis())
        for secret in material.secrets:
            for line in listener.lines:
                self.assertNotIn(secret, line)
            self.assertFalse(secret.encode() in cached, f'{secret} is in Redis')
        for model in MODELS:
            self.assertEqual(stored(model, material.secrets), [], f'in {model._meta.db_table}')

    def assertRefused(self, response, material: Material, codes=(200, 400)):
        """Assert that the response says that it is a private key, and shows no part of it."""
        content = response.content.decode(errors='replace')
        self.assertIn(response.status_code, codes, content[:2000])
        self.assertRegex(content, REFUSALS)
        shown = content + str(response.cookies) + str(response.headers)
        for secret in material.secrets:
            self.assertNotIn(secret, shown)


def stored(model, secrets: tuple[str, ...]) -> list[str]:
    """Return those that any column of any row contains."""
    table = connection.ops.quote_name(model._meta.db_table)
    rows = f'SELECT FROM {table} AS t WHERE strpos(t::text, secret) > 0'
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT secret FROM unnest(%s::text[]) AS secret WHERE EXISTS ({rows})', [list(secrets)])
        return [secret for (secret,) in cursor.fetchall()]


def redis_connections() -> tuple:
    """Return those of the cache and of the background jobs, which are of this process alone."""
    return get_redis_connection('default'), django_rq.get_connection('default')


def in_redis() -> Iterator[bytes]:
    """Return all that NetBox keeps in Redis: the cache, and the arguments of background jobs."""
    for connection_ in redis_connections():
        for key in connection_.scan_iter(count=1000):
            kind = connection_.type(key)
            values = connection_.hvals(key) if kind == b'hash' else [connection_.get(key)] if kind == b'string' else []
            for value in values:
                yield value
                # RQ compresses what it pickles.
                with suppress(zlib.error):
                    yield zlib.decompress(value)
