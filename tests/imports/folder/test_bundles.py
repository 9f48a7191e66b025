"""``netbox import_certificates``: bundles, standard input, and how they are split."""

from contextlib import contextmanager
from copy import deepcopy
from unittest import mock

from cryptography import x509
from django.conf import settings as django_settings
from django.test import override_settings

from netbox_ssl import settings as plugin_settings
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.certificate_factory import make_ca, make_root, self_signed
from tests.support.factories import issue_acme, lets_encrypt, successor
from tests.support.import_command import CommandTestCase


@contextmanager
def _small_inputs(small=True):
    """Treat inputs of more than 4 KiB as large."""
    config = deepcopy(django_settings.PLUGINS_CONFIG)
    if small:
        config['netbox_ssl']['import_max_bytes'] = 4096
    with override_settings(PLUGINS_CONFIG=config):
        plugin_settings.forget()
        yield
    plugin_settings.forget()


class BundlesTestCase(CommandTestCase):
    def test_more_certificates_than_one_input_may_contain(self):
        pems = [issue_acme(f'h{number}.example.net').fullchain_pem for number in range(130)]
        bundle = self.write('bundle.pem', ''.join(pems))
        self.run_command(bundle)
        self.assertEqual(Certificate.objects.count(), 130)
        self.assertFalse(Certificate.objects.filter(chain_pem='').exists())

    def test_larger_than_the_limit_of_one_input(self):
        chain = lets_encrypt().pem
        leaves = ''.join(issue_acme(f'h{number}.example.net').pem for number in range(120))
        for name, bundle in {'first': chain + leaves, 'last': leaves + chain}.items():
            with self.subTest(chain=name), _small_inputs():
                Certificate.objects.all().delete()
                self.run_command(self.write('bundle.pem', bundle))
                self.assertEqual(Certificate.objects.count(), 120)
                with_chain = Certificate.objects.exclude(chain_pem='').count()
                # After all of them, it belongs to the last group.
                self.assertEqual(with_chain, 120 if name == 'first' else 20)

    def test_ca_certificates_are_included_on_request(self):
        root = make_root('Example Corp', 'Example Root')
        ca = make_ca('Example Corp', 'Example CA', issuer=root)
        leaves = ''.join(issue_acme(f'h{number}.example.net', ca=ca).pem for number in range(12))
        path = self.write('bundle.pem', leaves + root.pem + ca.pem * 2)
        for small in (False, True):
            with self.subTest(bundle=small), _small_inputs(small):
                Certificate.objects.all().delete()
                self.run_command(path, include_ca=True, acme_auto_renewal=True)
                self.assertEqual(Certificate.objects.count(), 14)
                found = dict(Certificate.objects.filter(is_ca=True).values_list('name', 'chain_pem'))
                self.assertEqual(found, {'Example Root': '', 'Example CA': ''})
                self.assertFalse(Certificate.objects.filter(is_ca=True, is_acme=True).exists())
                self.run_command(path)
                self.assertEqual(Certificate.objects.count(), 14)

    def test_ca_certificates_beyond_those_held_in_memory_are_included(self):
        roots = [make_root('Example Corp', f'Root {number}').pem for number in range(5)]
        bundle = self.write('bundle.pem', ''.join(roots) + issue_acme().pem)
        with _small_inputs(), mock.patch('netbox_ssl.imports.folder.bundles.MOST_AUTHORITIES', 2):
            self.run_command(bundle, include_ca=True)
        self.assertEqual(Certificate.objects.filter(is_ca=True).count(), 5)

    def test_a_self_signed_server_certificate_marked_as_a_ca_in_a_large_bundle(self):
        marked = (x509.BasicConstraints(ca=True, path_length=None), True)
        boxes = [self_signed(f'box{number}.example.net', extensions=[marked]).pem for number in range(10)]
        with _small_inputs():
            self.run_command(self.write('boxes.pem', ''.join(boxes)))
        self.assertEqual(Certificate.objects.filter(is_ca=False).count(), 10)

    def test_a_damaged_block_affects_only_its_certificate(self):
        pems = [issue_acme(f'h{number}.example.net').pem for number in range(60)]
        pems[7] = pems[7].replace('\nMII', '\nXXX', 1)
        pems[9] = pems[9].partition('-----END')[0]
        for large in (False, True):
            with self.subTest(large=large), _small_inputs(large):
                Certificate.objects.all().delete()
                _out, err = self.run_command(self.write('bundle.pem', ''.join(pems)), code=1)
                self.assertEqual(Certificate.objects.count(), 58)
                self.assertIn('bundle.pem, block 8: PEM block 8', err)
                self.assertIn('bundle.pem, block 10: PEM block 10', err)
                self.assertEqual(len(err.splitlines()), 2)

    def test_a_private_key_at_the_end_refuses_the_whole_file(self):
        issued = [issue_acme(f'h{number}.example.net') for number in range(20)]
        bundle = self.write('bundle.pem', ''.join(each.pem for each in issued) + issued[0].key_pem)
        with _small_inputs():
            _out, err = self.run_command(bundle, batch_size=5, code=1)
        self.assertFalse(Certificate.objects.exists())
        self.assertEqual(len(err.splitlines()), 1)
        self.assertNotIn(issued[0].key_pem.splitlines()[1], err)

    def test_only_authorities(self):
        bundle = ''.join(make_ca('Example', f'CA {number}').pem for number in range(5))
        with _small_inputs():
            self.write('ca-certificates.crt', bundle)
            out, _err = self.run_command()
        self.assertIn('1 ca only', out)
        self.assertFalse(Certificate.objects.exists())

    def test_names_of_sources_do_not_change_with_a_renewal(self):
        old = [issue_acme('a.example.net'), issue_acme('a.example.net', key_type='rsa'), issue_acme('b.example.net')]
        bundle = self.write('bundle.pem', ''.join(each.pem for each in old))
        self.run_command(bundle, client='lb')
        ids = sorted(CertificateSource.objects.values_list('external_id', flat=True))
        self.assertEqual(
            ids,
            [
                'lb:bundle.pem#a.example.net/ECDSA',
                'lb:bundle.pem#a.example.net/RSA',
                'lb:bundle.pem#b.example.net/ECDSA',
            ],
        )
        new = [successor(old[0]), successor(old[1], key_type='rsa'), successor(old[2])]
        bundle.write_text(''.join(each.pem for each in new))
        out, _err = self.run_command(bundle, client='lb')
        self.assertIn('3 renewed', out)
        self.assertEqual(sorted(CertificateSource.objects.values_list('external_id', flat=True)), ids)

    def test_a_ca_that_signed_itself_and_another(self):
        root = self_signed('root.example.net')
        with _small_inputs():
            self.run_command(self.write('bundle.pem', root.pem + issue_acme('a.example.net').pem * 2))
        self.assertEqual(self.names(), ['a.example.net', 'root.example.net'])

    def test_standard_input(self):
        pems = ''.join(issue_acme(f'h{number}.example.net').pem for number in range(30)).encode()
        self.run_command('-', stdin=pems)
        self.assertEqual(Certificate.objects.count(), 30)
        with _small_inputs():
            out, _err = self.run_command('-', stdin=pems)
        self.assertIn('30 unchanged', out)

    def test_a_private_key_in_standard_input_stops_it(self):
        issued = issue_acme('a.example.net')
        with _small_inputs():
            _out, err = self.run_command('-', stdin=(issued.pem * 8 + issued.key_pem).encode(), code=1)
        self.assertNotIn(issued.key_pem.splitlines()[1], err)
