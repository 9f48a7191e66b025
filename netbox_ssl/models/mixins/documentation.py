"""The documentation that the "?" of a form links to."""

from django.urls import reverse

__all__ = ('DocumentedMixin',)


class DocumentedMixin:
    """A mixin for models with a page in the documentation of the plugin."""

    # Path of the page in docs/, without the extension
    DOCUMENTATION = ''

    @property
    def docs_url(self) -> str:
        """Return the URL of the page; NetBox's forms link to it."""
        return reverse('plugins:netbox_ssl:documentation', kwargs={'page': self.DOCUMENTATION})
