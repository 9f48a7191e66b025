"""Mixins of several views: refuse private keys, and show warnings after saving."""

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.shortcuts import redirect
from django.utils.translation import ngettext

from netbox_ssl.validators import refuse_private_key

__all__ = ('GuardedPostMixin', 'WarningsMixin')

# Warnings shown at a time; more would push the page out of sight.
MOST_WARNINGS = 3


class GuardedPostMixin:
    """
    Refuse a POST with a private key in any value or file: show the previous page with the error. The submitted data is
    neither shown again nor passed on, for example to the change log or to a job.
    """

    def post(self, request, *args, **kwargs):
        try:
            for values in request.POST.lists():
                refuse_private_key(NON_FIELD_ERRORS, values)
            for upload in request.FILES.values():
                refuse_private_key(NON_FIELD_ERRORS, upload.read())
                upload.seek(0)
        except ValidationError as error:
            for message in error.messages:
                messages.error(request, message)
            # NetBox's view for bulk renaming answers POST only.
            get = getattr(self, 'get', None)
            return get(request, *args, **kwargs) if get else redirect(self.get_return_url(request))
        return super().post(request, *args, **kwargs)


class WarningsMixin:
    """Show the warnings of an object after it was saved; for views that edit one object."""

    def get_warnings(self, request, obj) -> list[str]:
        return obj.get_warnings()

    def alter_object(self, obj, request, url_args, url_kwargs):
        self._edited = super().alter_object(obj, request, url_args, url_kwargs)
        return self._edited

    def post(self, request, *args, **kwargs):
        response = super().post(request, *args, **kwargs)
        # A redirect, by HTMX or the browser, means that it was saved.
        if response.status_code == 302 or 'HX-Location' in response:
            warnings = self.get_warnings(request, self._edited)
            for warning in warnings[:MOST_WARNINGS]:
                messages.warning(request, warning)
            if (more := len(warnings) - MOST_WARNINGS) > 0:
                messages.warning(request, ngettext('and {n} more', 'and {n} more', more).format(n=more))
        return response
