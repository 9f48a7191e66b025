"""Settings are validated at startup, with a message that names the setting, its value, and accepted values."""

from copy import deepcopy

from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import SimpleTestCase, override_settings

from netbox_ssl import NetBoxSSLConfig, settings
from netbox_ssl.x509 import Limits


class SettingsTestCase(SimpleTestCase):
    def setUp(self):
        settings.forget()
        self.addCleanup(settings.forget)

    def configured(self, **values):
        config = deepcopy(django_settings.PLUGINS_CONFIG)
        config['netbox_ssl'] = {**config['netbox_ssl'], **values}
        return override_settings(PLUGINS_CONFIG=config)

    def refused(self, **values) -> str:
        with self.configured(**values), self.assertRaises(ImproperlyConfigured) as caught:
            settings.validate()
        return str(caught.exception)

    def test_the_defaults_are_valid(self):
        with self.configured(**NetBoxSSLConfig.default_settings):
            settings.validate()

    def test_whole_numbers_within_bounds(self):
        for name, (low, high) in settings.INTEGER_RANGES.items():
            for value in (low, high):
                with self.subTest(name=name, value=value), self.configured(**{name: value}):
                    settings.forget()
                    settings.validate()
            for value in (low - 1, high + 1, '1', 1.5, True, None):
                with self.subTest(name=name, value=value):
                    settings.forget()
                    message = self.refused(**{name: value})
                    for part in (name, repr(value), str(low), str(high)):
                        self.assertIn(part, message)

    def test_switches(self):
        for name in [name for name, value in NetBoxSSLConfig.default_settings.items() if type(value) is bool]:
            for value in (1, 'True', None):
                with self.subTest(name=name, value=value):
                    settings.forget()
                    message = self.refused(**{name: value})
                    for part in (name, repr(value), 'True or False'):
                        self.assertIn(part, message)

    def test_expiry_marks(self):
        for value, marks in (([30, 7, 30], (7, 30)), ([], ()), ((0, 3650), (0, 3650))):
            with self.subTest(value), self.configured(expiry_marks=value):
                settings.forget()
                self.assertEqual(settings.expiry_marks(), marks)
        for value in (30, '30', None, [-1], [3651], [1.5], ['30'], [True], list(range(21)), {30}):
            with self.subTest(value):
                settings.forget()
                message = self.refused(expiry_marks=value)
                for part in ('expiry_marks', repr(value), '0 to 3650', '[]'):
                    self.assertIn(part, message)

    def test_each_setting_with_a_number_is_checked(self):
        numbers = {name for name, value in NetBoxSSLConfig.default_settings.items() if type(value) is int}
        self.assertEqual(numbers, set(settings.INTEGER_RANGES))

    def test_they_match_the_values_returned(self):
        with self.configured(import_max_bytes=2048, import_max_certificates=3, import_max_names=4):
            limits = settings.limits()
        self.assertEqual(limits, Limits(max_input_bytes=2048, max_certificates=3, max_subject_alt_names=4))

    def test_own_providers(self):
        ours = {'name': 'Example CA', 'issuer_organization': 'Example Corp', 'directory_url': 'https://ca/acme'}
        with self.configured(acme_providers=[ours]):
            self.assertEqual(settings.catalogue().providers[0].name, 'Example CA')

    def test_unusable_providers_are_named(self):
        for providers in ('Example CA', [{}], [{'name': 'Example CA'}], [{'name': 'x', 'unknown': 'y'}], [1], None):
            with self.subTest(providers=providers):
                settings.forget()
                self.assertIn('acme_providers', self.refused(acme_providers=providers))

    def test_the_url_of_netbox(self):
        for value, read in (
            ('', ''),
            ('https://netbox.example.com', 'https://netbox.example.com'),
            ('http://[2001:db8::1]:8000/', 'http://[2001:db8::1]:8000'),
        ):
            with self.subTest(value), self.configured(netbox_url=value):
                settings.forget()
                self.assertEqual(settings.netbox_url(), read)
        for value in ('netbox.example.com', 'https://x/netbox/', 'ftp://x', 'https://', 'https://a b', None, 7):
            with self.subTest(value):
                settings.forget()
                self.assertIn('netbox_url', self.refused(netbox_url=value))
