"""
Read the records of netbox-ssl from its exports, which may be combined:

- ``netbox dumpdata --natural-foreign netbox_ssl …``: everything;
- pages of its REST API, ``certificates/`` and ``assignments/``;
- its own export as JSON or YAML, with the PEM.

Fields keep the names that they have in netbox-ssl. References to other objects are a primary key (dumpdata), an object
with its ID (REST), or a name (export).
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml
from django.utils.translation import gettext as _

from netbox_ssl.validators import refuse_private_key

__all__ = ('Export', 'ExportError', 'ForeignRecord', 'key_of', 'read_export', 'refuse_keys')

# Models of a dump that are read, and the attribute of ``Export`` for each
DUMPED = {
    'netbox_ssl.certificate': 'certificates',
    'netbox_ssl.certificateauthority': 'authorities',
    'netbox_ssl.certificateassignment': 'assignments',
    'extras.taggeditem': 'tagged',
    'tenancy.contactassignment': 'contacts',
    'extras.journalentry': 'journal',
}
# Models of NetBox in a dump, and the field with the type of the object that a row belongs to
TYPE_FIELDS = {
    'extras.taggeditem': 'content_type',
    'tenancy.contactassignment': 'object_type',
    'extras.journalentry': 'assigned_object_type',
}
CERTIFICATE_TYPE = ['netbox_ssl', 'certificate']
# Fields whose values are used without further checks, and their types
TYPES = {'tags': list, 'custom_fields': dict, 'custom_field_data': dict, 'assignments': list, 'sans': list}
# Kinds of objects as the export names them, without their app
EXPORTED_TYPES = {
    'device': 'dcim.device',
    'virtual machine': 'virtualization.virtualmachine',
    'service': 'ipam.service',
    'application service': 'ipam.service',
}


class ExportError(ValueError):
    """A file that is not an export of netbox-ssl, with the reason and the remedy."""


@dataclass(frozen=True, slots=True)
class ForeignRecord:
    """A record of netbox-ssl, with its ID there."""

    pk: int
    fields: dict

    def get(self, name, default=''):
        """Return a field; ``default`` if it is missing or null."""
        value = self.fields.get(name)
        return default if value is None else value

    @property
    def name(self) -> str:
        return str(self.get('common_name') or self.pk)

    def __str__(self):
        return f'{self.name} (ID {self.pk})'


@dataclass
class Export:
    """The records of all files."""

    certificates: dict[int, ForeignRecord] = field(default_factory=dict)
    authorities: dict[int, ForeignRecord] = field(default_factory=dict)
    assignments: list[ForeignRecord] = field(default_factory=list)
    tagged: list[ForeignRecord] = field(default_factory=list)
    contacts: list[ForeignRecord] = field(default_factory=list)
    journal: list[ForeignRecord] = field(default_factory=list)
    # Model → number of records for which there is nothing here
    omitted: Counter = field(default_factory=Counter)

    def add(self, attribute: str, record: ForeignRecord) -> None:
        collection = getattr(self, attribute)
        if isinstance(collection, dict):
            collection[record.pk] = record
        else:
            collection.append(record)


def read_export(texts: dict[str, str]) -> Export:
    """
    Return the records of all files. Raises ExportError, or a ValidationError if there is a private key outside the
    records of certificates, which are checked one at a time.

    Args:
        texts: name of a file → its content
    """
    export = Export()
    for name, text in texts.items():
        records = list(_records(name, _parse(name, text)))
        if any('serial_number' in data for data in records) and not any('pem_content' in data for data in records):
            raise ExportError(
                _('{file} has certificates without their PEM. Export them with include_pem=true.').format(file=name)
            )
        for data in records:
            _sort_in(name, data, export)
    return export


def _parse(name: str, text: str):
    text = text.removeprefix('\ufeff').lstrip()
    try:
        return json.loads(text) if text.startswith(('[', '{')) else yaml.safe_load(text)
    except (ValueError, RecursionError, yaml.YAMLError) as error:
        raise ExportError(
            _('{file} is neither JSON nor YAML ({reason}). Export it again.').format(
                file=name, reason=' '.join(str(error).split())[:200]
            )
        ) from error


def _records(name: str, data) -> Iterator[dict]:
    """Yield the records of a file: of a list, of a page of the REST API, or of a list of pages."""
    for each in data if isinstance(data, list) else [data]:
        if not isinstance(each, dict):
            raise ExportError(_not_an_export(name))
        if isinstance(each.get('results'), list):
            yield from _records(name, each['results'])
        else:
            yield each


def _not_an_export(name: str) -> str:
    return _(
        '{file} is not an export of netbox-ssl: expected the output of dumpdata, a page of its REST API, or its export '
        'as JSON or YAML.'
    ).format(file=name)


def _sort_in(name: str, data: dict, export: Export) -> None:
    _check_types(name, data)
    if 'model' in data and 'fields' in data:
        _sort_in_dumped(name, data, export)
    elif 'serial_number' in data and 'valid_to' in data:
        certificate = ForeignRecord(_pk(name, data.get('id')), data)
        export.add('certificates', certificate)
        for target in data.get('assignments') or ():
            export.add('assignments', _exported_assignment(certificate, target))
    elif 'assigned_object_type' in data and 'certificate' in data:
        export.add('assignments', ForeignRecord(_pk(name, data.get('id')), data))
    else:
        raise ExportError(_not_an_export(name))


def _sort_in_dumped(name: str, data: dict, export: Export) -> None:
    model, fields = data['model'], data['fields']
    if not isinstance(fields, dict) or not isinstance(model, str):
        raise ExportError(_not_an_export(name))
    _check_types(name, fields)
    if model not in DUMPED:
        export.omitted[model] += 1
        return
    if model in TYPE_FIELDS:
        object_type = fields.get(TYPE_FIELDS[model])
        if isinstance(object_type, int):
            raise ExportError(
                _('{file} was dumped without natural keys. Dump it with --natural-foreign.').format(file=name)
            )
        if object_type != CERTIFICATE_TYPE:
            return
    export.add(DUMPED[model], ForeignRecord(_pk(name, data.get('pk')), fields))


def _check_types(name: str, fields: dict) -> None:
    """Raise ExportError for values of other types than netbox-ssl writes."""
    if isinstance(names := fields.get('sans'), str):
        # As in a dump
        fields['sans'] = _parse(name, names)
    for field_name, expected in TYPES.items():
        if not isinstance(fields.get(field_name), expected | None):
            raise ExportError(_not_an_export(name))


def _exported_assignment(certificate: ForeignRecord, target) -> ForeignRecord:
    target = target if isinstance(target, dict) else {}
    kind = str(target.get('type', '')).rpartition('|')[2].strip().lower()
    fields = {
        'certificate': certificate.pk,
        'assigned_object_type': EXPORTED_TYPES.get(kind, kind),
        'assigned_object_id': target.get('id'),
    }
    return ForeignRecord(certificate.pk, fields)


def _pk(name: str, value) -> int:
    if (pk := key_of(value)) is not None:
        return pk
    raise ExportError(_('{file} has a record without ID. Include the field id in the export.').format(file=name))


def key_of(value) -> int | None:
    """Return the primary key of a referenced object: given as such, or with the object; None if it has none."""
    value = value.get('id') if isinstance(value, dict) else value
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def refuse_keys(record: ForeignRecord) -> None:
    """Raise a ValidationError if any field of the record contains a private key."""
    refuse_private_key('record', record.fields)
