"""Where the "?" of a form leads."""

from django.urls import reverse

__all__ = ('DocumentedMixin',)


class DocumentedMixin:
    """For models with a page in the documentation of the plugin."""

    # Its path in docs/, without the extension
    DOCUMENTATION = ''

    @property
    def docs_url(self) -> str:
        """Return the address of that page; NetBox's forms link to it."""
        return reverse('plugins:netbox_ssl:documentation', kwargs={'page': self.DOCUMENTATION})
