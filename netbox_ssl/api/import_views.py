"""``POST certificates/import/``: import certificates, one or a list."""

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.response import Response
from rest_framework.serializers import as_serializer_error
from utilities.exceptions import PermissionsViolation

from netbox_ssl import intake
from netbox_ssl.branching import atomic, database
from netbox_ssl.netbox_internals import discard_events_on_rollback, resolve_bulk_error_status
from netbox_ssl.refusals import explain_by_field, is_about_permissions
from netbox_ssl.utilities import retried

from .guards import bounded_errors
from .import_serializers import BriefImportResultSerializer, CertificateImportSerializer, ImportResultSerializer
from .parsers import CERTIFICATE_PARSERS, FormOrCertificateParser
from .permissions import AddOrChangePermissions

__all__ = ('ImportMixin',)

# Fields that can be given with a single certificate only
OF_ONE = ('certificate', 'external_id', 'client', 'kind', 'machine_id')

QUERY_PARAMETERS = [
    OpenApiParameter(
        'on_error',
        OpenApiTypes.STR,
        enum=['skip'],
        description='With a list: skip the entries that cannot be imported.',
    ),
    OpenApiParameter(
        'background', OpenApiTypes.BOOL, description='With a list: return immediately and import as a background job.'
    ),
]


class ImportMixin:
    """The endpoint of the view set of certificates."""

    @extend_schema(
        operation_id='ssl_certificates_import',
        request=CertificateImportSerializer,
        parameters=QUERY_PARAMETERS,
        responses={
            200: OpenApiResponse(ImportResultSerializer, description='Renewed, updated, unchanged, or history'),
            201: OpenApiResponse(ImportResultSerializer, description='Created'),
        },
        filters=False,
    )
    @action(
        detail=False,
        methods=['post'],
        url_path='import',
        url_name='import',
        permission_classes=[AddOrChangePermissions],
        parser_classes=[JSONParser, MultiPartParser, FormOrCertificateParser, *CERTIFICATE_PARSERS],
        filterset_class=None,
        pagination_class=None,
    )
    def import_certificates(self, request, skip_errors: bool | None = None):
        """
        Import a certificate, or a list of certificates. Each is matched with the inventory and created, renewed, added
        to a history, or left unchanged, as "action" in the response says. Besides JSON, the endpoint accepts a form
        with the file, and the bare certificate with the other fields in the query string.
        """
        if skip_errors is None:
            skip_errors = request.query_params.get('on_error') == 'skip'
        # An argument, because the request that NetBox 4.7.0 gives to the job has no query string.
        again = {'skip_errors': skip_errors}
        if (response := self._handle_background_request(request, 'import_certificates', again)) is not None:
            return response
        if isinstance(request.data, list):
            with intake.collection_paused():
                return self._import_list(request.data, skip=skip_errors)
        return self._import_one(_body(request))

    def _import_one(self, data) -> Response:
        try:
            items, warnings = _read_items(self._import_serializer().run_validation(data))
        except ValidationError as error:
            raise ValidationError(_by_field(error.detail)) from error
        try:
            results = retried(lambda: self._take_in_all(items))
        except DjangoValidationError as error:
            raise ValidationError(as_serializer_error(error)) from error
        except PermissionsViolation as error:
            raise PermissionDenied(error.message) from error
        for result in results:
            result.warnings += warnings
        created = any(result.action == intake.Action.CREATED for result in results)
        answer = self._represent(results, ImportResultSerializer)
        # The response to several certificates in one input is a list.
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(answer if len(results) > 1 else answer[0], status=code)

    def _take_in_all(self, items: list[intake.Item]) -> list[intake.Result]:
        with atomic(), discard_events_on_rollback(self):
            return intake.take_in_all(items, self.request.user)

    def _import_list(self, entries: list, skip: bool) -> Response:
        items, indexes = [], []
        validated, errors = self._validate_list(entries)
        repeated = intake.RepeatedReports({each['external_id'] for each in validated.values() if 'external_id' in each})
        for index, attributes in validated.items():
            try:
                found, _warnings = _read_items(attributes, repeated)
            except ValidationError as error:
                errors[index] = _by_field(error.detail)
            else:
                items += found
                indexes += [index] * len(found)
        codes = {status.HTTP_400_BAD_REQUEST} if errors else set()
        if errors and not skip:
            return _refused(errors, codes, len(entries))
        outcomes = retried(lambda: self._take_in_many(items, all_or_none=not skip))
        for index, outcome in zip(indexes, outcomes, strict=True):
            if isinstance(outcome, intake.Refusal):
                errors[index], code = _explain(outcome.error)
                codes.add(code)
        if errors and not skip:
            return _refused(errors, codes, len(entries))
        done = [
            (index, outcome)
            for index, outcome in zip(indexes, outcomes, strict=True)
            if not isinstance(outcome, intake.Refusal)
        ]
        answer = self._represent([outcome for _, outcome in done], BriefImportResultSerializer)
        for (index, _outcome), each in zip(done, answer, strict=True):
            each['index'] = index
        if skip:
            return Response({'results': answer, 'errors': _listed(errors)})
        created = any(outcome.action == intake.Action.CREATED for _, outcome in done)
        return Response(answer, status=status.HTTP_201_CREATED if created else status.HTTP_200_OK)

    def _take_in_many(self, items: list[intake.Item], all_or_none: bool) -> list[intake.Result | intake.Refusal]:
        with atomic(), discard_events_on_rollback(self):
            outcomes = intake.take_in_many(items, self.request.user)
            if all_or_none and any(isinstance(outcome, intake.Refusal) for outcome in outcomes):
                transaction.set_rollback(True, using=database())
        return outcomes

    def _import_serializer(self, of_a_list: set[str] | None = None) -> CertificateImportSerializer:
        """
        Return a serializer to use for a whole list, because creating one takes longer than using it.

        Args:
            of_a_list: names of the fields in its entries
        """
        context = self.get_serializer_context()
        return CertificateImportSerializer(data={}, context=context, of_a_list=of_a_list)

    def _validate_list(self, entries: list) -> tuple[dict[int, dict], dict[int, dict]]:
        """Return the attributes of the valid entries, and the errors of the others, by index."""
        validated, errors = {}, {}
        serializer = self._import_serializer({name for entry in entries if isinstance(entry, dict) for name in entry})
        for index, entry in enumerate(entries):
            try:
                validated[index] = serializer.run_validation(entry)
            except ValidationError as error:
                errors[index] = _by_field(error.detail)
        return validated, errors

    def _represent(self, results: list[intake.Result], serializer_class) -> list[dict]:
        answers = [
            {
                'action': result.action,
                'certificate': result.certificate,
                'detection': result.detection.to_dict(),
                'candidates': result.candidates,
                'warnings': result.warnings,
            }
            for result in results
        ]
        return serializer_class(answers, many=True, context=self.get_serializer_context()).data


def _read_items(
    attributes: dict, repeated: intake.RepeatedReports | None = None
) -> tuple[list[intake.Item], list[str]]:
    """
    Return the items of a validated entry of the request, and warnings about parts that will not be stored.

    Args:
        repeated: what is stored of the sources of a list
    """
    attributes = dict(attributes)
    pem = attributes.pop('pem')
    named = {name: attributes.pop(name) for name in OF_ONE if name in attributes}
    message = attributes.pop('changelog_message', '')
    include_ca = attributes.pop('include_ca', False)
    is_new = 'certificate' in named and named['certificate'] is None
    # With include_ca, the chain are certificates of their own, too.
    if repeated and not include_ca and (leaf := repeated.read(named.get('external_id', ''), pem)):
        return [intake.Item(leaf, attributes, is_new=is_new, message=message, **named)], []
    try:
        parsed = intake.read_input(pem, allow_ca=attributes.get('is_ca', False), include_ca=include_ca)
    except DjangoValidationError as error:
        raise ValidationError(as_serializer_error(error)) from error
    if len(parsed.leaves) > 1 and any(named.values()):
        raise ValidationError(
            {
                name: _(
                    'The PEM contains {count} certificates. Send this field with one certificate at a time.'
                ).format(count=len(parsed.leaves))
                for name in named
            }
        )
    items = [intake.Item(leaf, attributes, is_new=is_new, message=message, **named) for leaf in parsed.leaves]
    unrelated = [
        _('Not part of any chain, so not stored: {name}').format(name=facts.name) for facts in parsed.unrelated
    ]
    return items, [*(str(note) for note in parsed.notes), *unrelated]


def _body(request):
    """Return the data of the request, with the file of a form as ``pem``."""
    if not request.FILES:
        return request.data
    files = request.FILES.getlist('file')
    if len(files) != 1 or len(request.FILES) != 1 or 'pem' in request.data:
        raise ValidationError({'file': _('Send the certificate once: as "file" or as "pem".')})
    fields = {name: value for name, value in request.data.items() if name != 'file'}
    return {**fields, 'pem': files[0].read()}


def _explain(error: Exception) -> tuple[dict, int]:
    """Return the messages by field, and the HTTP status for them."""
    code = status.HTTP_403_FORBIDDEN if is_about_permissions(error) else status.HTTP_400_BAD_REQUEST
    return {field or '__all__': messages for field, messages in explain_by_field(error).items()}, code


def _by_field(detail) -> dict:
    """Return messages by field, also those about an entry that is not an object, such as ``null``."""
    return detail if isinstance(detail, dict) else {'__all__': detail}


def _listed(errors: dict[int, dict]) -> list[dict]:
    return [{'index': index, 'errors': bounded_errors(errors[index])} for index in sorted(errors)]


def _refused(errors: dict[int, dict], codes: set[int], total: int) -> Response:
    """Return the response to a list with errors, in the form that NetBox uses."""
    detail = ngettext(
        '{failed} of {total} certificate could not be imported; nothing was stored.',
        '{failed} of {total} certificates could not be imported; nothing was stored.',
        total,
    ).format(failed=len(errors), total=total)
    return Response({'detail': detail, 'errors': _listed(errors)}, status=resolve_bulk_error_status(codes))
