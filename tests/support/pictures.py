"""Links of pages with pictures: each must lead to exactly the certificates that it promises, by filters of the form."""

from urllib.parse import parse_qsl, urlsplit

from django.http import QueryDict

from netbox_ssl.forms import CertificateFilterForm
from tests.support.lists import listed

__all__ = ('PictureMixin',)


class PictureMixin:
    """For test cases with NetBox's client."""

    def names_at(self, url: str) -> set[str]:
        """Return the names of the certificates in the list at ``url``, which must use filters of the form only."""
        parameters = parse_qsl(urlsplit(url).query)
        self.assertLessEqual({name for name, _value in parameters} - {'sort'}, set(CertificateFilterForm.base_fields))
        form = CertificateFilterForm(QueryDict(urlsplit(url).query))
        self.assertTrue(form.is_valid(), form.errors)
        # Each filter is shown as one that can be removed.
        for name, _value in parameters:
            if name != 'sort':
                self.assertIn(name, form.changed_data, url)
        return {certificate.name for certificate in listed(self.client, url)}
