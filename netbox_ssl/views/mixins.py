"""Private keys on pages whose form is NetBox's own: refused before anything else sees what was sent."""

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.shortcuts import redirect

from netbox_ssl.validators import refuse_private_key

__all__ = ('PrivateKeyGuardMixin',)


class PrivateKeyGuardMixin:
    """
    For views: a POST that holds a private key in any value or file is answered by the page as it was before, with the
    error. What was sent is neither shown nor handed on, be it to the change log or to a job.
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
            # NetBox's bulk renaming has no page but the answer to a POST.
            get = getattr(self, 'get', None)
            return get(request, *args, **kwargs) if get else redirect(self.get_return_url(request))
        return super().post(request, *args, **kwargs)
