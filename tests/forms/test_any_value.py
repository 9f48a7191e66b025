"""No text in any field of any form raises anything but a validation error."""

from django.core.exceptions import ValidationError
from django.db import transaction
from django.test import TestCase
from utilities.exceptions import AbortRequest

from netbox_ssl import forms
from netbox_ssl.forms.endpoint_proposals import AcceptProposalsForm
from netbox_ssl.forms.redetection import RedetectionForm
from netbox_ssl.forms.reports import ByNameForm
from tests.support.factories import facts, issue_acme, superuser
from tests.support.places import device
from tests.support.reporting import report
from tests.support.request_cache import as_in_a_request
from tests.support.worst_values import TEXTS

FORMS = (
    *(getattr(forms, name) for name in forms.__all__ if name.endswith('Form') and name != 'SmartPasteForm'),
    RedetectionForm,
    ByNameForm,
    AcceptProposalsForm,
)


class AnyValueTestCase(TestCase):
    maxDiff = None

    @classmethod
    def setUpTestData(cls):
        certificate = report('a', issue_acme()).certificate
        host = device()
        # Valid data, of which one field at a time is replaced
        cls.data = {
            forms.CertificateForm: {**facts(), 'status': 'active'},
            forms.CertificateSourceForm: {'certificate': certificate.pk, 'external_id': 'x'},
            forms.CertificateAssignmentForm: {
                'certificate': certificate.pk,
                'assigned_object_content_type': host._meta.label_lower,
                'assigned_object_object_id': host.pk,
            },
            forms.CertificateImportForm: {**facts(), 'status': 'active'},
            forms.CertificateSourceImportForm: {'certificate': certificate.name, 'external_id': 'x'},
            forms.EndpointForm: {'address': 'www.example.net', 'port': '443'},
            forms.EndpointImportForm: {'address': 'www.example.net'},
            forms.CertificateAssignmentImportForm: {
                'certificate': certificate.name,
                'assigned_object_type': 'dcim.device',
                'assigned_object': host.name,
            },
        }

    def setUp(self):
        self.enterContext(as_in_a_request())
        self.failures = {}

    def tearDown(self):
        self.assertEqual(self.failures, {})

    def try_form(self, form, name, value):
        try:
            with transaction.atomic():
                if form.is_valid() and type(form) in self.data:
                    form.save()
                transaction.set_rollback(True)
        # A message on the page
        except AbortRequest:
            pass
        except Exception as error:
            self.failures.setdefault((type(form).__name__, name, repr(error)[:80]), value[:40])

    def try_unless_refused(self, form, name, value) -> bool:
        """Try the form and return True, unless the field refuses the value by itself."""
        try:
            form.fields[name]._clean_bound_field(form[name])
        except ValidationError:
            return False
        except Exception as error:
            self.failures.setdefault((type(form).__name__, name, repr(error)[:80]), value[:40])
        self.try_form(form, name, value)
        return True

    def test_all_fields_of_all_forms(self):
        for form_class in FORMS:
            names = list(form_class().fields)
            for value in TEXTS:
                self.try_form(form_class(dict.fromkeys(names, value)), '', value)

    def test_each_field_of_forms_that_save(self):
        for form_class, data in self.data.items():
            for name in form_class().fields:
                forms_of = ((form_class({**data, name: value}), value) for value in TEXTS)
                # What the field refuses, the rest of the form never sees: once for each field is enough.
                refused = [(form, value) for form, value in forms_of if not self.try_unless_refused(form, name, value)]
                for form, value in refused[:1]:
                    self.try_form(form, name, value)

    def test_smart_paste(self):
        user = superuser()
        for value in TEXTS:
            self.try_form(forms.SmartPasteForm(user, {'text': value, 'paste': value}), '', value)
