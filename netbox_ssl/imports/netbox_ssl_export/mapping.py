"""The fields of a certificate in netbox-ssl as settings of a Certificate."""

from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from extras.models import CustomField, Tag
from tenancy.models import Tenant

from netbox_ssl import settings
from netbox_ssl.acme.detection import detect
from netbox_ssl.choices import ACMEChallengeTypeChoices, CertificateStatusChoices
from netbox_ssl.models import Certificate
from netbox_ssl.x509 import Leaf, normalize_hex

from .reading import Export, ForeignRecord, key_of

__all__ = ('Settings', 'facts_of', 'moment', 'settings_of')

STATUSES = {
    'active': CertificateStatusChoices.STATUS_ACTIVE,
    # Validity follows from the dates.
    'expired': CertificateStatusChoices.STATUS_ACTIVE,
    'pending': CertificateStatusChoices.STATUS_ACTIVE,
    'revoked': CertificateStatusChoices.STATUS_REVOKED,
    'replaced': CertificateStatusChoices.STATUS_RETIRED,
    'archived': CertificateStatusChoices.STATUS_RETIRED,
}
PROVIDERS = {
    'letsencrypt': "Let's Encrypt",
    'letsencrypt_staging': "Let's Encrypt (staging)",
    'zerossl': 'ZeroSSL',
    'buypass': 'Buypass',
    'google': 'Google Trust Services',
    'digicert': 'DigiCert',
    'sectigo': 'Sectigo',
}
ALGORITHMS = {'rsa': 'RSA', 'ecdsa': 'ECDSA', 'ed25519': 'Ed25519'}
# netbox-ssl gives this to every certificate. Without a value, renewal days follow from the lifetime.
DEFAULT_RENEWAL_DAYS = 30


@dataclass
class Settings:
    """The settings of a certificate, as attributes of an ``intake.Item``, and notes on what was left out."""

    attributes: dict = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def settings_of(record: ForeignRecord, export: Export, leaf: Leaf | None, user) -> Settings:
    """
    Return the settings of a record. Only tenants that ``user`` may view are assigned.

    Args:
        leaf: its X.509 certificate, if the PEM is known
    """
    made = Settings()
    given = made.attributes
    given['status'] = STATUSES.get(str(record.get('status')), CertificateStatusChoices.STATUS_ACTIVE)
    if comments := _comments(record):
        given['comments'] = comments
    if instructions := _renewal_instructions(record, export):
        given['renewal_instructions'] = instructions
    if tenant := _tenant(record, made, user):
        given['tenant'] = tenant
    if tags := _tags(record, export, made, user):
        given['add_tags'] = tags
    if custom := _custom_fields(record, made):
        given['custom_field_data'] = custom
    given.update(_acme_settings(record, leaf, made))
    return made


def _comments(record: ForeignRecord) -> str:
    comments = str(record.get('comments'))
    if location := record.get('private_key_location'):
        line = _('Location of the private key: {location}').format(location=location)
        comments = f'{comments}\n\n{line}' if comments else line
    return comments


def _renewal_instructions(record: ForeignRecord, export: Export) -> str:
    own = record.get('renewal_note') or record.get('effective_renewal_instructions')
    authority = export.authorities.get(key_of(record.get('issuing_ca')))
    return str(own or (authority.get('renewal_instructions') if authority else ''))


def _tenant(record: ForeignRecord, made: Settings, user) -> Tenant | None:
    value = record.get('tenant', None)
    if value is None:
        return None
    by = {'name': value} if isinstance(value, str) else {'pk': key_of(value)}
    tenant = Tenant.objects.restrict(user, 'view').filter(**by).first()
    if tenant is None:
        made.notes.append(_('tenant {tenant}: does not exist, or you may not view it').format(tenant=_shown(value)))
    return tenant


def _shown(value) -> str:
    return str(value.get('name') or value.get('id')) if isinstance(value, dict) else str(value)


def _tags(record: ForeignRecord, export: Export, made: Settings, user) -> list[Tag]:
    """Return the tags of a record. In a dump, they are rows of their own, which name the tag."""
    dumped = [each.get('tag') for each in export.tagged if each.get('object_id') == record.pk]
    names = {str(value[0]) for value in dumped if isinstance(value, list) and value}
    pks = {key_of(value) for value in (*record.get('tags', []), *dumped)} - {None}
    found = list(Tag.objects.restrict(user, 'view').filter(Q(pk__in=pks) | Q(name__in=names)))
    missing = [*(pks - {tag.pk for tag in found}), *(names - {tag.name for tag in found})]
    if missing:
        listed = ', '.join(sorted(map(str, missing)))
        made.notes.append(_('tags that do not exist, or that you may not view: {tags}').format(tags=listed))
    return found


def _custom_fields(record: ForeignRecord, made: Settings) -> dict:
    values = record.get('custom_fields', None) or record.get('custom_field_data', {})
    values = {name: value for name, value in values.items() if value not in (None, '', [])}
    if not values:
        return {}
    known = {each.name for each in CustomField.objects.get_for_model(Certificate)}
    if missing := sorted(values.keys() - known):
        made.notes.append(
            _('custom fields that certificates do not have: {names}. Assign them to the object type.').format(
                names=', '.join(missing)
            )
        )
    return {name: _stored(value) for name, value in values.items() if name in known}


def _stored(value):
    """Return a value of a custom field as it is stored: objects by their ID."""
    if isinstance(value, list):
        return [_stored(each) for each in value]
    return key_of(value) if isinstance(value, dict) and 'url' in value else value


def _acme_settings(record: ForeignRecord, leaf: Leaf | None, made: Settings) -> dict:
    """
    Return the ACME settings that a person entered. Whether the issuer is an ACME provider is detected again:
    netbox-ssl marks every certificate of some CAs that also issue in other ways.
    """
    challenge = str(record.get('acme_challenge_type'))
    entered = {
        'acme_auto_renewal': record.get('acme_auto_renewal') is True,
        'acme_account_email': record.get('acme_account_email'),
        'acme_challenge_type': challenge if challenge in ACMEChallengeTypeChoices.values() else '',
        'acme_server_url': record.get('acme_server_url'),
        'acme_last_renewed': moment(record.get('acme_last_renewed', None)),
    }
    entered = {name: value for name, value in entered.items() if value}
    if record.get('is_acme') is not True or (leaf and leaf.facts.is_ca):
        return {}
    detection = detect(leaf.facts, settings.catalogue()) if leaf else None
    provider = PROVIDERS.get(str(record.get('acme_provider')), '')
    if not entered:
        if detection and not detection.is_acme:
            made.notes.append(_('not marked as ACME: its issuer does not show that, and no ACME setting was entered'))
        return {}
    days = record.get('acme_renewal_days', DEFAULT_RENEWAL_DAYS)
    if days != DEFAULT_RENEWAL_DAYS:
        entered['acme_renewal_days'] = days
    if provider and not (detection and detection.provider):
        entered['acme_provider'] = provider
    return {'is_acme': True, **entered}


def moment(value):
    """Return the time in a text, None if empty. Raises a ValidationError if it is not one."""
    if value in (None, ''):
        return None
    try:
        parsed = parse_datetime(str(value))
    except ValueError:
        parsed = None
    if parsed is None:
        raise ValidationError(_('"{value}" is not a date and time.').format(value=str(value)[:40]))
    return parsed


def facts_of(record: ForeignRecord) -> dict:
    """Return the columns of a certificate that was recorded without its PEM."""
    return {
        'name': record.get('common_name'),
        'issuer': record.get('issuer'),
        'serial_number': record.get('serial_number'),
        'fingerprint_sha256': normalize_hex(record.get('fingerprint_sha256')) or None,
        'valid_from': moment(record.get('valid_from', None)),
        'valid_to': moment(record.get('valid_to', None)),
        'subject_alt_names': [str(name) for name in record.get('sans', [])],
        'key_algorithm': ALGORITHMS.get(str(record.get('algorithm')), ''),
        'key_size': record.get('key_size', None),
    }
