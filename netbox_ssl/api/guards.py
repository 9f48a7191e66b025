import json

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers

from netbox_ssl.validators import refuse_private_key
from netbox_ssl.x509 import visible

__all__ = ('RequestGuardMixin', 'PrivateKeyGuardMixin')


def refuse_broken_text(name: str, value) -> None:
    """
    Raise a ValidationError if there is half a surrogate pair anywhere in a field. JSON can spell one, as in
    ``"\\ud800"``, but no answer that quotes it can be sent.
    """
    try:
        json.dumps([name, value], ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError as error:
        raise DjangoValidationError(_('This is not valid Unicode: it holds half a surrogate pair.')) from error


class PrivateKeyGuardMixin:
    """Refuses private keys anywhere in what a client sends, known field or not, before anything else sees it."""

    # What the reader of certificates searches itself.
    searched_elsewhere = ()

    def to_internal_value(self, data):
        if isinstance(data, dict):
            errors = {}
            for name, value in data.items():
                if name in self.searched_elsewhere:
                    continue
                try:
                    refuse_broken_text(name, value)
                    refuse_private_key(NON_FIELD_ERRORS, value)
                except DjangoValidationError as error:
                    errors[visible(str(name))] = error.messages
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


class RequestGuardMixin:
    """
    For view sets, where no serializer of ours sees what was sent: deleting takes a message for the change log, and a
    list for the background is put into the job queue as it is.
    """

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method == 'DELETE':
            _refuse_private_key('changelog_message', request.data)
        elif self._background_requested(request) and isinstance(request.data, list):
            for entry in request.data:
                # Text by text: what encloses it would hide some forms.
                for value in entry.values() if isinstance(entry, dict) else [entry]:
                    _refuse_private_key('__all__', value)


def _refuse_private_key(field: str, value) -> None:
    try:
        refuse_private_key(NON_FIELD_ERRORS, value)
    except DjangoValidationError as error:
        raise serializers.ValidationError({field: error.messages}) from error
