"""Pages about all certificates, or about those of some tenants, tags or sites: by the filters of the list."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from utilities.forms import restrict_form_fields

from netbox_ssl.filtersets import CertificateFilterSet
from netbox_ssl.forms.scopes import ScopeForm

__all__ = ('Scope',)


@dataclass(frozen=True)
class Scope:
    """
    The filters of a request, and the certificates that they find among ``visible``, a queryset of those that the user
    may view.
    """

    request: object
    visible: QuerySet

    @cached_property
    def parameters(self) -> list[tuple[str, str]]:
        """Return the filters, without parameters that are not filters of the form."""
        given = self.request.GET
        return [(name, value) for name in ScopeForm.base_fields for value in given.getlist(name) if value]

    @cached_property
    def form(self) -> ScopeForm:
        form = ScopeForm(QueryDict(self.query))
        restrict_form_fields(form, self.request.user)
        return form

    @property
    def query(self) -> str:
        return urlencode(self.parameters)

    @cached_property
    def filterset(self) -> CertificateFilterSet:
        return CertificateFilterSet(QueryDict(self.query), self.visible, request=self.request)

    @property
    def is_valid(self) -> bool:
        """Return whether the filters are valid: a tenant may have been deleted, or be invisible to the user."""
        # NetBox takes longer to build hundreds of filters than to render the page.
        return not self.parameters or (self.form.is_valid() and self.filterset.is_valid())

    @cached_property
    def certificates(self) -> QuerySet:
        """Return the certificates, none if a filter is invalid: without the filter there would be others."""
        if not self.is_valid:
            return self.visible.none()
        return (self.filterset.qs if self.parameters else self.visible).order_by()

    def list_url(self, filters: Iterable[tuple[str, str]] = (), name: str = 'certificate_list') -> str:
        """
        Return the URL of the list of the certificates that also match ``filters``. A filter by one tenant, site or tag
        of the scope replaces the scope's, because a filter given twice finds more, not less.
        """
        filters = list(filters)
        given = {name for name, _value in filters}
        query = urlencode([*filters, *(each for each in self.parameters if each[0] not in given)])
        if name not in self._paths:
            self._paths[name] = reverse(f'plugins:netbox_ssl:{name}')
        return f'{self._paths[name]}?{query}' if query else self._paths[name]

    @cached_property
    def _paths(self) -> dict[str, str]:
        """Return the name of a list → its path, for the hundreds of links of a page."""
        return {}
