import yaml

from .acme import ACME_FIELDS
from .x509 import FACT_FIELDS

__all__ = ('YAMLExportMixin',)

# What the bulk import takes back, in the order in which people look for it.
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
        """One record of NetBox's YAML export, which its bulk import takes back."""
        # Read-only: for whoever reads the file. The import takes it from the dates.
        record = {'renewal_status': self.renewal_status}
        # With a PEM the facts are in it.
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
