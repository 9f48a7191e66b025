import yaml

from .acme import ACME_FIELDS
from .x509 import FACT_FIELDS

__all__ = ('YAMLExportMixin',)

# Fields that the bulk import accepts, in a readable order
EXPORTED = (
    'name',
    'status',
    'tenant',
    'description',
    *ACME_FIELDS,
    'comments',
    'pem',
    'chain_pem',
)


class YAMLExportMixin:
    def to_yaml(self) -> str:
        """Return a record of NetBox's YAML export, which its bulk import accepts."""
        # For readers of the file; the import ignores it.
        record = {'renewal_status': self.renewal_status}
        # The PEM contains the facts.
        for name in EXPORTED if self.pem else (*EXPORTED, *FACT_FIELDS):
            value = getattr(self, name)
            if value not in (None, '', []):
                record[name] = value.name if name == 'tenant' else _plain(value)
        record['tags'] = ','.join(sorted(tag.slug for tag in self.tags.all()))
        for custom_field in self.get_custom_fields():
            if (value := self.custom_field_data.get(custom_field.name)) is not None:
                record[f'cf_{custom_field.name}'] = value
        return yaml.dump({name: value for name, value in record.items() if value != ''}, sort_keys=False)


def _plain(value):
    return value.isoformat() if hasattr(value, 'isoformat') else value
