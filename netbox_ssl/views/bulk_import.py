"""NetBox's bulk import (CSV, JSON, YAML) of certificates: records with a PEM go through the intake."""

import json

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import intake
from netbox_ssl.forms import CertificateImportForm
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_changelog_message
from netbox_ssl.x509 import visible

from .mixins import GuardedPostMixin

__all__ = ('CertificateBulkImportView',)


@register_model_view(Certificate, 'bulk_import', path='import', detail=False)
class CertificateBulkImportView(GuardedPostMixin, generic.BulkImportView):
    queryset = Certificate.objects.all()
    model_form = CertificateImportForm

    def create_and_update_objects(self, form, request):
        _refuse_malformed(form.cleaned_data['data'])
        self._taken_in = {}
        others = super().create_and_update_objects(form, request)
        return [*others, *self._taken_in.values()]

    def _process_import_records(self, *args):
        saved = super()._process_import_records(*args)
        # Without those that the intake stored: it has checked their permissions itself (a renewal needs "change", not
        # "add"), and NetBox counts the objects, while several records may belong to one certificate.
        return [each for each in saved if each.pk not in self._taken_in]

    def _save_object(self, model_form, request, parent_idx):
        try:
            return super()._save_object(model_form, request, parent_idx)
        except ValidationError as error:
            # Raised by the intake, below. NetBox adds the number of the record only to errors of the form.
            errors = error.message_dict if hasattr(error, 'error_dict') else {'': error.messages}
        except PermissionDenied as error:
            errors = {'': [str(error)]}
        raise ValidationError(self._compile_form_errors(errors, index=parent_idx))

    def save_object(self, object_form, request):
        if object_form.leaf is None:
            return super().save_object(object_form, request)
        message = get_changelog_message(object_form.instance)
        result = intake.take_in(object_form.leaf, request.user, object_form.attributes(), message=message)
        self._taken_in[result.certificate.pk] = result.certificate
        return result.certificate


def _refuse_malformed(records) -> None:
    """Raise a ValidationError for records that NetBox would answer with a server error."""
    if not isinstance(records, list):
        raise ValidationError(_('Enter a list of records.'))
    for index, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise ValidationError(_('Record {index}: enter field names and values.').format(index=index))
        if record.get('id') and not str(record['id']).isdecimal():
            raise ValidationError(_('Record {index} id: enter a number, or omit it.').format(index=index))
        for name, value in record.items():
            # NetBox expects tags and other lists as text, also in JSON and YAML.
            if isinstance(value, list | dict) and name != 'subject_alt_names' and not str(name).startswith('cf_'):
                message = _('Record {index} {name}: enter a single value, as in CSV.')
                raise ValidationError(message.format(index=index, name=visible(str(name))))
        try:
            json.dumps(record, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            message = _('Record {index} is not valid Unicode: it contains half of a surrogate pair.')
            raise ValidationError(message.format(index=index)) from error
