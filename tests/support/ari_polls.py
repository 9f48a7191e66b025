"""Helpers for the tests of polling: a NetBox that may poll a CA on 127.0.0.1."""

from contextlib import contextmanager
from copy import deepcopy
from datetime import timedelta

from django.conf import settings as django_settings
from django.core.cache import cache
from django.test import override_settings
from django.utils import timezone

from netbox_ssl import settings
from netbox_ssl.models import Certificate
from tests.support.ari_server import Stub
from tests.support.factories import import_pem, issue_acme

__all__ = ('RenewalInfoTestMixin', 'ari_settings')


@contextmanager
def ari_settings(**configured):
    """Allow requests to 127.0.0.1. ``configured``: settings of the plugin."""
    config = deepcopy(django_settings.PLUGINS_CONFIG)
    values = {'ari_allowed_hosts': ['127.0.0.1'], 'ari_requests_per_second': 10_000, **configured}
    config['netbox_ssl'] = {**config['netbox_ssl'], **values}
    with override_settings(PLUGINS_CONFIG=config, ISOLATED_DEPLOYMENT=False):
        settings.forget()
        try:
            yield
        finally:
            settings.forget()


class RenewalInfoTestMixin:
    """``self.stub`` is the CA of the certificates of ``self.add()``."""

    def setUp(self):
        super().setUp()
        cache.clear()
        self.stub = Stub()
        self.addCleanup(self.stub.close)
        self.enterContext(ari_settings())

    def add(self, name='www.example.net', left=timedelta(days=60), **attributes) -> Certificate:
        issued = issue_acme(name, left)
        values = {'acme_server_url': self.stub.directory_url, 'acme_auto_renewal': True, **attributes}
        return import_pem(issued, **values).certificate

    def due(self, *certificates) -> None:
        """Set their next check to now, as if time had passed."""
        pks = [certificate.pk for certificate in certificates]
        Certificate.objects.filter(pk__in=pks).update(ari_next_check=timezone.now())
