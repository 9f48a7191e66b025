"""Certificates of a CA that is added to the settings later."""

from contextlib import contextmanager
from copy import deepcopy

from django.conf import settings as django_settings
from django.test import override_settings

from netbox_ssl import settings as plugin_settings
from netbox_ssl.models import Certificate
from tests.support.certificate_factory import issue
from tests.support.factories import import_pem, in_house_ca

__all__ = ('NAME', 'certificate', 'known_provider', 'state')

NAME = 'Example Corp ACME'


@contextmanager
def known_provider(name=NAME):
    """Add the in-house CA to the setting ``acme_providers``."""
    config = deepcopy(django_settings.PLUGINS_CONFIG)
    config['netbox_ssl']['acme_providers'] = [{'name': name, 'issuer_organization': 'Example Corp'}]
    with override_settings(PLUGINS_CONFIG=config):
        plugin_settings.forget()
        yield
    plugin_settings.forget()


def certificate(name='www.example.net', **attributes) -> Certificate:
    """Return a certificate that was imported before its CA was known."""
    return import_pem(issue(name, in_house_ca()), **attributes).certificate


def state(*certificates) -> list[tuple]:
    """Return the fields that detection may or must not change: is_acme, provider, pinned fields."""
    rows = Certificate.objects.in_bulk([each.pk for each in certificates])
    return [
        (rows[each.pk].is_acme, rows[each.pk].acme_provider, rows[each.pk].acme_pinned_fields) for each in certificates
    ]
