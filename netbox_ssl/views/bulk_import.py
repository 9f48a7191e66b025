"""NetBox's bulk import (CSV, JSON, YAML) of certificates: records with a PEM go through the intake."""

import json

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils.translation import gettext as _
from netbox.views import generic
from utilities.views import register_model_view

from netbox_ssl import intake
from netbox_ssl.forms import CertificateImportForm
from netbox_ssl.models import Certificate
from netbox_ssl.netbox_internals import get_changelog_message, is_background_request
from netbox_ssl.utilities import is_id, retried
from netbox_ssl.x509 import visible

from .mixins import GuardedPostMixin

__all__ = ('CertificateBulkImportView',)

# Notes shown after an import; more would not fit on the page
MOST_NOTES = 20


@register_model_view(Certificate, 'bulk_import', path='import', detail=False)
class CertificateBulkImportView(GuardedPostMixin, generic.BulkImportView):
    queryset = Certificate.objects.all()
    model_form = CertificateImportForm

    def create_and_update_objects(self, form, request):
        _refuse_malformed(form.cleaned_data['data'])
        self._taken_in, self._results = {}, []
        others = super().create_and_update_objects(form, request)
        _show_notes(request, self._results)
        return [*others, *self._taken_in.values()]

    def post(self, request):
        return retried(lambda: self._post(request))

    def _post(self, request):
        for upload in request.FILES.values():
            # A previous attempt has already read the file.
            upload.seek(0)
        return super().post(request)

    def _process_import_records(self, form, request, records, prefetched_objects):
        # NetBox saves the records one at a time, in one transaction.
        intake.lock([intake.Item(leaf) for record in records if (leaf := _leaf_of(record))])
        saved = super()._process_import_records(form, request, records, prefetched_objects)
        # Leave out the certificates that the intake stored: it has checked their permissions itself (a renewal needs
        # "change", not "add"), and NetBox counts objects, while several records may belong to one certificate.
        return [each for each in saved if each.pk not in self._taken_in]

    def _save_object(self, model_form, request, parent_idx):
        try:
            return super()._save_object(model_form, request, parent_idx)
        except ValidationError as error:
            # Raised by the intake in save_object(). NetBox adds the record number only to errors of the form.
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
        self._results.append(result)
        return result.certificate


def _leaf_of(record: dict):
    """Return the certificate of a record that goes through the intake; None for other records and for invalid PEMs."""
    if record.get('id') or not isinstance(record.get('pem'), str):
        return None
    try:
        return intake.read_single(record['pem'])
    except ValidationError:
        return None


def _show_notes(request, results: list[intake.Result]) -> None:
    """Show the notes on the imported records as messages, or write them to the log of the job."""
    for text in [text for result in results for text in _notes(result)][:MOST_NOTES]:
        if is_background_request(request):
            request.job.logger.warning(text)
        else:
            messages.warning(request, text)


def _notes(result: intake.Result) -> list[str]:
    name = f'{result.certificate} (ID {result.certificate.pk})'
    notes = [f'{name}: {warning}' for warning in result.warnings]
    for candidate in result.candidates:
        notes.append(
            _('{name} may be a renewal of {other} (ID {pk}): {reason}').format(
                name=name, other=candidate.certificate, pk=candidate.certificate.pk, reason=candidate.reason
            )
        )
    return notes


# Fields that accept lists, as our YAML export writes them
LISTS = ('subject_alt_names', 'expiry_marks')


def _refuse_malformed(records) -> None:
    """Raise a ValidationError for records that NetBox would answer with a server error."""
    if not isinstance(records, list):
        raise ValidationError(_('Enter a list of records.'))
    for index, record in enumerate(records, start=1):
        if not isinstance(record, dict):
            raise ValidationError(_('Record {index}: enter field names and values.').format(index=index))
        if record.get('id') and not is_id(str(record['id'])):
            raise ValidationError(_('Record {index} id: enter a number, or omit it.').format(index=index))
        for name, value in record.items():
            # NetBox expects tags and other lists as text, also in JSON and YAML.
            if isinstance(value, list | dict) and name not in LISTS and not str(name).startswith('cf_'):
                message = _('Record {index} {name}: enter a single value, as in CSV.')
                raise ValidationError(message.format(index=index, name=visible(str(name))))
        try:
            json.dumps(record, ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            message = _('Record {index} is not valid Unicode: it contains half of a surrogate pair.')
            raise ValidationError(message.format(index=index)) from error
