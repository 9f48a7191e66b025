"""Checks of requests before other code sees their data: private keys, and values that NetBox does not check."""

import json
import re

from core.models import ObjectChange
from django.core.exceptions import NON_FIELD_ERRORS
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils.translation import gettext as _
from rest_framework import serializers, status
from rest_framework.exceptions import ParseError

from netbox_ssl.refusals import bounded
from netbox_ssl.validators import refuse_private_key
from netbox_ssl.x509 import visible

__all__ = ('GuardedSerializerMixin', 'RequestGuardMixin', 'bounded_errors')


def bounded_errors(errors):
    """Return the messages of a response, in any structure, each without the middle of a long value that it quotes."""
    if isinstance(errors, dict):
        return {bounded(str(name)): bounded_errors(each) for name, each in errors.items()}
    if isinstance(errors, list | tuple):
        return [bounded_errors(each) for each in errors]
    return bounded(errors) if isinstance(errors, str) else errors


# In JSON, not after a backslash that is one itself
NUL = '\\u0000'
ESCAPED_NUL = re.compile(r'(?<!\\)(?:\\\\)*\\u0000')


def refuse_broken_text(name: str, value) -> None:
    """
    Raise a ValidationError if a field contains half of a surrogate pair, or NUL. JSON can express both, as in
    ``"\\ud800"``, but no response can quote the one, and PostgreSQL cannot store or compare the other.
    """
    if value is None or isinstance(value, str | bool):
        text = f'{name}\n{value}'
        has_nul = '\0' in text
    else:
        text = json.dumps([name, value], ensure_ascii=False, default=str)
        has_nul = NUL in text and ESCAPED_NUL.search(text)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise DjangoValidationError(_('This is not valid Unicode: it contains half of a surrogate pair.')) from error
    if has_nul:
        raise DjangoValidationError(_('This contains the character NUL, which cannot be stored. Remove it.'))


# NetBox reads this field without a serializer field.
CHANGELOG_MESSAGE = 'changelog_message'


class GuardedSerializerMixin:
    """Refuse private keys anywhere in the data of a request, also in unknown fields, and text that cannot be stored."""

    # Fields that are searched for keys when the certificates in them are read
    searched_elsewhere = ()

    def to_internal_value(self, data):
        if isinstance(data, dict):
            errors = {}
            for name, value in data.items():
                if name in self.searched_elsewhere:
                    continue
                try:
                    refuse_broken_text(name, value)
                    if value is not None and not isinstance(value, bool):
                        refuse_private_key(NON_FIELD_ERRORS, value)
                    if name == CHANGELOG_MESSAGE:
                        refuse_unfit_message(value)
                except DjangoValidationError as error:
                    errors[visible(str(name))] = error.messages
                except serializers.ValidationError as error:
                    errors[visible(str(name))] = error.detail
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


def refuse_unfit_message(value) -> None:
    """Raise DRF's ValidationError for a changelog message that does not fit into its column."""
    longest = ObjectChange._meta.get_field('message').max_length
    serializers.CharField(max_length=longest, allow_blank=True, allow_null=True).run_validation(value)


class RequestGuardMixin:
    """
    Refuse private keys in requests that no serializer of the plugin checks: the changelog message of a deletion, and
    a list for a background job, which is put into the job queue unchanged. Keep responses that refuse a value short.
    Refuse a list for one object, and JSON with thousands of brackets within each other, which NetBox does not expect.
    """

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        if request.method in ('PUT', 'PATCH', 'DELETE') and self.detail and not isinstance(request.data, dict):
            message = _('Send an object with the fields to change. Lists are for the URL without an ID.')
            raise serializers.ValidationError({NON_FIELD_ERRORS: [message]})
        if request.method == 'DELETE':
            _refuse_private_key(CHANGELOG_MESSAGE, request.data)
            for entry in request.data if isinstance(request.data, list) else [request.data]:
                if isinstance(entry, dict) and CHANGELOG_MESSAGE in entry:
                    _check_changelog_message(entry[CHANGELOG_MESSAGE])
        elif self._background_requested(request) and isinstance(request.data, list):
            for entry in request.data:
                # Check each text separately: some forms of keys are not recognised in JSON.
                for value in entry.values() if isinstance(entry, dict) else [entry]:
                    _refuse_private_key('__all__', value)

    def handle_exception(self, exc):
        if isinstance(exc, RecursionError):
            exc = ParseError(_('The JSON is nested too deeply. Send an object, or a list of objects.'))
        return super().handle_exception(exc)

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == status.HTTP_400_BAD_REQUEST:
            response.data = bounded_errors(response.data)
        return response


def _check_changelog_message(value) -> None:
    try:
        refuse_broken_text(CHANGELOG_MESSAGE, value)
        refuse_unfit_message(value)
    except DjangoValidationError as error:
        raise serializers.ValidationError({CHANGELOG_MESSAGE: error.messages}) from error
    except serializers.ValidationError as error:
        raise serializers.ValidationError({CHANGELOG_MESSAGE: error.detail}) from error


def _refuse_private_key(field: str, value) -> None:
    try:
        refuse_private_key(NON_FIELD_ERRORS, value)
    except DjangoValidationError as error:
        raise serializers.ValidationError({field: error.messages}) from error
