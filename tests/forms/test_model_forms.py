"""The add and edit form: fields, errors at their fields, entered facts, facts from a PEM."""

from django.test import TestCase
from django.urls import reverse
from utilities.testing import TestCase as ViewTestCase

from netbox_ssl.forms import CertificateForm
from netbox_ssl.models import Certificate
from tests.support.factories import DAY, facts, grant, import_pem, in_house_ca, issue_acme, record, successor

ACME = ('Is ACME', 'ACME provider', 'Account email', 'Challenge type', 'Server URL')
ACME += ('Auto-renewal', 'Renewal days', 'Last renewed')


def submitted(certificate) -> dict:
    """Return what the edit form of ``certificate`` submits if nothing is changed."""
    form = CertificateForm(instance=certificate)
    return {name: value for name in form.fields if (value := form[name].value()) not in (None, False)}


class FormTestCase(TestCase):
    def form(self, instance=None, **values):
        return CertificateForm({**facts(), 'status': 'active', **values}, instance=instance or Certificate())

    def errors(self, **values) -> list:
        return list(self.form(**values).errors)


class FieldsTestCase(FormTestCase):
    def test_the_acme_fieldset(self):
        fieldset = next(each for each in CertificateForm.fieldsets if str(each.name) == 'ACME')
        form = CertificateForm()
        self.assertEqual([str(form.fields[name].label) for name in fieldset.items], list(ACME))

    def test_challenge_types(self):
        choices = [str(label) for value, label in CertificateForm().fields['acme_challenge_type'].choices if value]
        self.assertEqual(choices, ['HTTP-01', 'DNS-01', 'TLS-ALPN-01', 'DNS-PERSIST-01'])

    def test_providers_are_suggested_and_any_text_is_accepted(self):
        self.assertIn('<option value="Let&#x27;s Encrypt">', str(CertificateForm()['acme_provider']))
        self.assertEqual(self.errors(is_acme='on', acme_provider='Our own CA'), [])


class NonsenseTestCase(FormTestCase):
    def test_each_is_refused_at_its_field(self):
        for values, field in (
            ({'acme_server_url': 'ftp://ca.example.net'}, 'acme_server_url'),
            ({'acme_server_url': 'ca.example.net'}, 'acme_server_url'),
            ({'acme_renewal_days': '-1'}, 'acme_renewal_days'),
            ({'acme_renewal_days': '3651'}, 'acme_renewal_days'),
            ({'acme_renewal_days': '9' * 400}, 'acme_renewal_days'),
            ({'acme_account_email': 'nobody'}, 'acme_account_email'),
            ({'acme_challenge_type': 'email-01'}, 'acme_challenge_type'),
            ({'acme_last_renewed': 'yesterday'}, 'acme_last_renewed'),
            ({'serial_number': 'no hex'}, 'serial_number'),
            ({'valid_to': ''}, 'valid_to'),
            ({'name': ''}, 'name'),
            ({'pem': 'nonsense'}, 'pem'),
            ({'name': 'a\x00b'}, 'name'),
        ):
            with self.subTest(values):
                self.assertEqual(self.errors(is_acme='on', **values), [field])

    def test_valid_certificates(self):
        for values in (
            {'acme_server_url': 'http://ca:9000/acme/directory'},
            {'acme_server_url': 'https://192.0.2.1/directory'},
            {'acme_server_url': 'https://[2001:db8::1]:8443/'},
            {'acme_renewal_days': '0'},
            {'acme_renewal_days': '3650'},
        ):
            with self.subTest(values):
                self.assertEqual(self.errors(is_acme='on', **values), [])

    def test_acme_settings_of_other_certificates(self):
        for name, value in (('acme_provider', 'x'), ('acme_auto_renewal', 'on'), ('acme_renewal_days', '0')):
            with self.subTest(name):
                self.assertEqual(self.errors(**{name: value}), [name])


class TypedFactsTestCase(FormTestCase):
    def test_they_are_accepted(self):
        form = self.form(serial_number='0a:1b', subject_alt_names='DNS:a.example.net, DNS:B.example.net\nc.example.net')
        self.assertTrue(form.is_valid(), form.errors)
        certificate = form.save()
        self.assertEqual(certificate.serial_number, '0A1B')
        self.assertEqual(certificate.subject_alt_names, ['a.example.net', 'b.example.net', 'c.example.net'])

    def test_with_a_pem_they_may_be_omitted_or_equal(self):
        issued = issue_acme('www.example.net', serial_number=0x0A1B)
        for values in ({}, {'serial_number': '0a1b', 'subject_alt_names': 'WWW.example.net'}):
            with self.subTest(values):
                form = CertificateForm({'status': 'active', 'pem': issued.fullchain_pem, **values})
                self.assertTrue(form.is_valid(), form.errors)

    def test_contradictions_are_refused_at_their_field(self):
        pem = issue_acme().pem
        for name, value in (('subject', 'CN=other'), ('serial_number', '77'), ('key_size', '1024')):
            with self.subTest(name):
                form = CertificateForm({'status': 'active', 'pem': pem, name: value})
                self.assertEqual(list(form.errors), [name])

    def test_they_cannot_be_edited_separately_from_the_pem(self):
        certificate = import_pem(issue_acme()).certificate
        form = CertificateForm({**submitted(certificate), 'subject': 'CN=other'}, instance=certificate)
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual(form.save().subject, 'CN=www.example.net')

    def test_emptying_the_pem_makes_them_editable(self):
        certificate = import_pem(issue_acme()).certificate
        values = {**submitted(certificate), 'pem': '', 'chain_pem': ''}
        form = CertificateForm(values, instance=certificate)
        self.assertTrue(form.is_valid(), form.errors)
        self.assertFalse(CertificateForm(instance=form.save()).fields['subject'].disabled)


class EditTestCase(FormTestCase):
    def edit(self, certificate, **values):
        certificate = Certificate.objects.get(pk=certificate.pk)
        certificate.snapshot()
        form = CertificateForm({**submitted(certificate), **values}, instance=certificate)
        self.assertTrue(form.is_valid(), form.errors)
        return form.save()

    def test_saving_it_as_it_is_changes_and_pins_nothing(self):
        certificate = import_pem(issue_acme(), acme_auto_renewal=True, acme_last_renewed=None).certificate
        before = Certificate.objects.values().get()
        self.edit(certificate)
        after = Certificate.objects.values().get()
        self.assertEqual({**after, 'last_updated': None}, {**before, 'last_updated': None})

    def test_detection_does_not_change_values_set_by_a_person(self):
        issued = issue_acme()
        certificate = import_pem(issued).certificate
        self.assertEqual(self.edit(certificate, acme_provider='Our proxy').acme_pinned_fields, ['acme_provider'])
        import_pem(successor(issued))
        self.assertEqual(Certificate.objects.get().acme_provider, 'Our proxy')

    def test_a_new_pem_is_a_renewal(self):
        issued = issue_acme()
        certificate = import_pem(issued).certificate
        new = successor(issued, later=20 * DAY)
        renewed = self.edit(certificate, pem=new.fullchain_pem)
        self.assertEqual(renewed.acme_last_renewed, new.certificate.not_valid_before_utc)
        self.assertEqual(renewed.issuances.count(), 2)

    def test_detection_of_pasted_certificates(self):
        form = CertificateForm({'status': 'active', 'pem': issue_acme().pem})
        self.assertTrue(form.is_valid(), form.errors)
        self.assertEqual((form.save().is_acme, form.instance.acme_provider), (True, "Let's Encrypt"))
        form = CertificateForm({'status': 'active', 'pem': issue_acme(ca=in_house_ca()).pem, 'is_acme': 'on'})
        self.assertTrue(form.is_valid(), form.errors)
        self.assertTrue(form.save().is_acme)


class CloneTestCase(ViewTestCase):
    def test_the_form_is_filled_in_from_the_other(self):
        grant(self.user, 'view', 'add')
        certificate = record(
            acme_provider='ZeroSSL', acme_challenge_type='dns-01', acme_server_url='https://ca/x', acme_renewal_days=20
        )
        page = self.client.get(certificate.get_absolute_url()).content.decode()
        self.assertIn(f'{reverse("plugins:netbox_ssl:certificate_add")}?', page)
        response = self.client.get(reverse('plugins:netbox_ssl:certificate_add'), certificate.clone())
        form = response.context['form']
        for name, value in (
            ('is_acme', True),
            ('acme_auto_renewal', True),
            ('acme_provider', 'ZeroSSL'),
            ('acme_challenge_type', 'dns-01'),
            ('acme_server_url', 'https://ca/x'),
        ):
            with self.subTest(name):
                self.assertEqual(str(form[name].value()), str(value))
        self.assertFalse(form['pem'].value() or form['name'].value())
