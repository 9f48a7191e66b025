import yaml

from .acme import ACME_FIELDS
from .expiry import EXPIRY_FIELDS
from .x509 import FACT_FIELDS

__all__ = ('CertificateYAMLMixin', 'EndpointYAMLMixin', 'SourceYAMLMixin')

# Fields of a certificate that its bulk import accepts, in a readable order
OF_CERTIFICATE = (
    'name',
    'status',
    'tenant',
    'description',
    *ACME_FIELDS,
    *EXPIRY_FIELDS,
    'comments',
    'is_ca',
    'pem',
    'chain_pem',
)

# Fields of a source that its bulk import accepts
OF_SOURCE = ('external_id', 'client', 'kind', 'machine_id')

# Fields of an endpoint that its bulk import accepts
OF_ENDPOINT = (
    'address',
    'port',
    'server_name',
    'starttls',
    'ca_file',
    'monitor',
    'interval',
    'description',
    'comments',
)


class CertificateYAMLMixin:
    def to_yaml(self) -> str:
        """Return a record of NetBox's YAML export, which its bulk import accepts."""
        # For readers of the file; the import ignores them.
        record = {'renewal_status': self.renewal_status, 'validity': self.validity, 'days_left': self.days_left}
        # The PEM contains the facts.
        for name in OF_CERTIFICATE if self.pem else (*OF_CERTIFICATE, *FACT_FIELDS):
            value = getattr(self, name)
            if value not in (None, '', []):
                record[name] = value.name if name == 'tenant' else _plain(value)
        return _dump(record, self)


class SourceYAMLMixin:
    def to_yaml(self) -> str:
        """Return a record of NetBox's YAML export, which its bulk import accepts."""
        certificate = self.visible_certificate
        # Several certificates may have one name. The import ignores the state.
        record = {
            'state': self.state,
            'certificate': certificate and certificate.name,
            'fingerprint_sha256': certificate and certificate.fingerprint_sha256,
            **{name: getattr(self, name) for name in OF_SOURCE},
        }
        return _dump(record, self)


class EndpointYAMLMixin:
    def to_yaml(self) -> str:
        """Return a record of NetBox's YAML export, which its bulk import accepts."""
        expected = self.visible_expected_certificate
        # The import ignores the state.
        record = {
            'state': self.state,
            **{name: getattr(self, name) for name in OF_ENDPOINT},
            'expected_certificate': expected and expected.name,
            'fingerprint_sha256': expected and expected.fingerprint_sha256,
        }
        return _dump(record, self)


def _dump(record: dict, obj) -> str:
    """Return ``record`` with the tags and the custom fields of ``obj`` as YAML, without empty values."""
    record['tags'] = ','.join(sorted(tag.slug for tag in obj.tags.all()))
    for custom_field in obj.get_custom_fields():
        if (value := obj.custom_field_data.get(custom_field.name)) is not None:
            record[f'cf_{custom_field.name}'] = value
    return yaml.dump({name: value for name, value in record.items() if value not in (None, '')}, sort_keys=False)


def _plain(value):
    return value.isoformat() if hasattr(value, 'isoformat') else value
