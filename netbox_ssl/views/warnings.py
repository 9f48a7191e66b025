"""Warnings of what was accepted but is probably not meant, shown to the person who saved it."""

from django.contrib import messages
from django.utils.translation import ngettext

__all__ = ('WarningsMixin',)

# At a time: more than a person reads would hide the page.
MOST_WARNINGS = 3


class WarningsMixin:
    """For views that edit one object."""

    def get_warnings(self, request, obj) -> list[str]:
        return obj.get_warnings()

    def alter_object(self, obj, request, url_args, url_kwargs):
        self._edited = super().alter_object(obj, request, url_args, url_kwargs)
        return self._edited

    def post(self, request, *args, **kwargs):
        response = super().post(request, *args, **kwargs)
        # A redirect, HTMX's or the browser's: it has been saved.
        if response.status_code == 302 or 'HX-Location' in response:
            warnings = self.get_warnings(request, self._edited)
            for warning in warnings[:MOST_WARNINGS]:
                messages.warning(request, warning)
            if (more := len(warnings) - MOST_WARNINGS) > 0:
                messages.warning(request, ngettext('and {n} more', 'and {n} more', more).format(n=more))
        return response
