"""No text in any filter of any list raises anything but a validation error."""

from django.db import transaction
from django.http import QueryDict
from django.test import RequestFactory, TestCase

from netbox_ssl import filtersets
from netbox_ssl.models import (
    AssignmentSuggestion,
    Certificate,
    CertificateAssignment,
    CertificateSource,
    Endpoint,
    Issuance,
)
from tests.support.factories import issue_acme, superuser
from tests.support.places import assign, device
from tests.support.reporting import report
from tests.support.request_cache import as_in_a_request
from tests.support.worst_values import TEXTS

FILTERSETS = {
    filtersets.CertificateFilterSet: Certificate,
    filtersets.IssuanceFilterSet: Issuance,
    filtersets.CertificateSourceFilterSet: CertificateSource,
    filtersets.CertificateAssignmentFilterSet: CertificateAssignment,
    filtersets.EndpointFilterSet: Endpoint,
    filtersets.AssignmentSuggestionFilterSet: AssignmentSuggestion,
}


class AnyValueTestCase(TestCase):
    maxDiff = None

    @classmethod
    def setUpTestData(cls):
        assign(report('a', issue_acme()).certificate, device())

    def setUp(self):
        self.enterContext(as_in_a_request())
        self.request = RequestFactory().get('/')
        self.request.user = superuser()

    def test_each_kind_of_filter(self):
        failures = {}
        for filterset_class, model in FILTERSETS.items():
            names = self.kinds(filterset_class, model)
            for value in TEXTS:
                for name, error in self.errors(filterset_class, model, names, value):
                    failures.setdefault((filterset_class.__name__, name, repr(error)[:80]), value[:40])
        self.assertEqual(failures, {})

    def kinds(self, filterset_class, model) -> list[str]:
        """Return the name of one filter of each class, lookup and type of column, and of each with its own method."""
        kinds = {}
        for name, each in filterset_class(request=self.request, queryset=model.objects.all()).filters.items():
            column = {field.name: type(field) for field in model._meta.get_fields()}.get(
                each.field_name, each.field_name
            )
            kinds.setdefault((type(each), each.lookup_expr, column, each.exclude, each._method), name)
        return list(kinds.values())

    def errors(self, filterset_class, model, names, value):
        query = QueryDict(mutable=True)
        query.update(dict.fromkeys(names, value))
        filterset = filterset_class(query, model.objects.all(), request=self.request)
        # Values that are not valid are not in the cleaned data.
        filterset.is_valid()
        values = filterset.form.cleaned_data
        try:
            # All of them in one savepoint, and each in its own only to find out which are errors
            self.apply(filterset, model, values)
        except Exception:
            for name in values:
                try:
                    self.apply(filterset, model, {name: values[name]})
                except Exception as error:
                    yield name, error

    def apply(self, filterset, model, values):
        with transaction.atomic():
            for name, value in values.items():
                list(filterset.filters[name].filter(model.objects.order_by(), value)[:1])
