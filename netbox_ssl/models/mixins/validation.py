"""Validation of a Certificate, and values that are filled in: names, facts from the PEM, detection."""

from datetime import UTC, datetime
from functools import cache

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from utilities.exceptions import AbortRequest

from netbox_ssl import settings
from netbox_ssl.acme.detection import Detection, detect
from netbox_ssl.expiry.marks import listed_marks
from netbox_ssl.netbox_internals import prechange_snapshot
from netbox_ssl.validators import read_single, refuse_private_key
from netbox_ssl.x509 import (
    MAX_SAN_OCTETS,
    Leaf,
    canonical_name,
    fits_index,
    lineage_key,
    name_key,
    normalize_hex,
    visible,
)

from .acme_settings import ACMESettingsMixin
from .encoding import read_stored_facts
from .tenancy import refuse_other_tenants
from .x509 import FACT_FIELDS, HEX_FIELDS

__all__ = (
    'CertificateValidationMixin',
    'contradicted_facts',
    'refuse_contradicted_facts',
)

KNOWN_ALREADY = gettext_lazy(
    'This X.509 certificate is already recorded, as a current certificate or in a history. Search for its fingerprint '
    '(you may not have permission to view it), or use Smart Paste, which finds the certificate that it belongs to.'
)

# Fields that may contain text
TEXT_FIELDS = (models.CharField, models.TextField, models.JSONField, ArrayField)
# Those that are read from a PEM, which was searched for keys when it was read
SEARCHED_WITH_THE_PEM = frozenset({*FACT_FIELDS, 'pem', 'chain_pem', 'lineage', 'ari_cert_id'})
# Those whose values always fit into their columns. The others may be too long: the serial number, unknown algorithms.
VALID_AS_READ = SEARCHED_WITH_THE_PEM - {'serial_number', 'key_algorithm', 'signature_algorithm'}


@cache
def _text_columns(model: type[models.Model]) -> tuple[str, ...]:
    return tuple(field.attname for field in model._meta.concrete_fields if isinstance(field, TEXT_FIELDS))


def contradicted_facts(typed: dict, facts) -> list[str]:
    """
    Return the columns of ``typed`` (column → value, given by a person or client) that differ from ``facts``, which is a
    Certificate or was read from a PEM.
    """
    contradicted = []
    for name in typed.keys() & set(FACT_FIELDS):
        value, actual = typed[name], getattr(facts, name)
        if name == 'subject_alt_names':
            same = {canonical_name(item) for item in value} == {canonical_name(item) for item in actual}
        elif name in HEX_FIELDS:
            same = normalize_hex(value or '') == actual
        else:
            same = value == actual
        if not same:
            contradicted.append(name)
    return contradicted


def refuse_contradicted_facts(typed: dict, facts) -> None:
    """Raise a ValidationError for each fact of ``typed`` that differs from ``facts``, which were read from a PEM."""
    if contradicted := contradicted_facts(typed, facts):
        message = _('This contradicts the PEM. Omit it to read it from the PEM.')
        raise ValidationError(dict.fromkeys(contradicted, message))


class CertificateValidationMixin(ACMESettingsMixin):
    # Notes on the input that the PEM was read from
    _reading_notes = ()
    # Set by bulk imports, which have checked many at once and hold locks on them
    known_to_be_new = False

    def clean_fields(self, exclude=None):
        """Read the PEM first: this is the first step of ``full_clean()``, and later steps rely on the facts."""
        self._refuse_private_keys()
        self._pin_changes()
        if self.pem or self.chain_pem:
            self._read_pem()
        else:
            self._limit_typed_names()
            self._refuse_times_beyond_the_calendar()
            self.normalize_typed_facts()
        self.set_derived_fields()
        # clean() checks that these are present, with a message that names the remedy.
        unchecked = ['valid_from', 'valid_to', *(VALID_AS_READ if self._is_taken() else ())]
        super().clean_fields(exclude=[*(exclude or ()), *unchecked])

    def clean(self):
        super().clean()
        if not self.pem:
            self._check_typed_facts()
        self._check_known()
        self._check_acme_settings()
        refuse_other_tenants(self)

    #
    # Private keys
    #

    def _refuse_private_keys(self) -> None:
        searched = SEARCHED_WITH_THE_PEM if self._is_taken() else ()
        for name in _text_columns(type(self)):
            if name not in searched and (value := getattr(self, name)):
                # Forms have no field with the name of this column.
                refuse_private_key(NON_FIELD_ERRORS if name == 'custom_field_data' else name, value)

    def refuse_private_keys_unvalidated(self) -> None:
        """Raise AbortRequest, which NetBox shows, for saves without ``full_clean()`` such as its bulk renaming."""
        try:
            self._refuse_private_keys()
        except ValidationError as error:
            raise AbortRequest(' '.join(error.messages)) from error

    #
    # Facts
    #

    def _read_pem(self) -> None:
        """Read the facts from the PEM, and run detection if it contains another certificate than before."""
        if self._is_taken():
            return
        leaf = read_single(
            '\n'.join(part for part in (self.pem, self.chain_pem) if part),
            field='pem' if self.pem else 'chain_pem',
            # Accepted if the request says so, and if it is already stored.
            allow_ca=self.is_ca or (not self._state.adding and self._stored('pem') == self.pem),
        )
        replaced = self._stored('fingerprint_sha256')
        self.take_leaf(leaf)
        if replaced and replaced != self.fingerprint_sha256 and self._is_unchanged('acme_last_renewed'):
            self.note_renewal()

    def reading_warnings(self) -> list[str]:
        """Return warnings about parts of the input that were omitted, if the PEM was set since this was read."""
        return [_(note.template) % note.params for note in self._reading_notes]

    def _is_taken(self) -> bool:
        """Return whether the facts were already read from the PEM."""
        return bool(self.pem) and (self.pem, self.chain_pem) == getattr(self, '_taken', None)

    def _stored(self, name: str):
        """Return the value of a column before this change from NetBox's snapshot, or the current value without one."""
        return prechange_snapshot(self).get(name, getattr(self, name))

    def take_leaf(self, leaf: Leaf, detection: Detection | None = None) -> None:
        """Make ``leaf`` the current X.509 certificate: its facts, PEM, chain, and the detected ACME fields."""
        facts = leaf.facts
        # Read before it is overwritten: without a snapshot this is the stored value.
        replaced = '' if self._state.adding else self._stored('pem')
        new = self._state.adding or self._stored('fingerprint_sha256') != facts.fingerprint_sha256
        for name in FACT_FIELDS:
            setattr(self, name, getattr(facts, name))
        self.subject_alt_names = list(facts.subject_alt_names)
        self.pem = facts.pem
        self.chain_pem = ''.join(link.pem for link in leaf.chain)
        self.chain_valid_to = leaf.chain_valid_to
        self.lineage = name_key(facts)
        self.take_ari_cert_id(facts)
        self.name = self.name or facts.name[:255]
        self._taken = (self.pem, self.chain_pem)
        self._reading_notes = leaf.notes
        if not new:
            return
        if before := read_stored_facts(replaced):
            self.follow_issuer(facts, detection or detect(facts, settings.catalogue()), before)
        else:
            self.detect_acme(facts, detection)

    def _check_known(self) -> None:
        """Refuse an X.509 certificate that is already recorded, as a current one or in a history."""
        if not (fingerprint := self.fingerprint_sha256) or self.known_to_be_new:
            return
        issuances = self._meta.get_field('issuances').related_model.objects
        if (
            type(self).objects.filter(fingerprint_sha256=fingerprint).exclude(pk=self.pk).exists()
            or issuances.filter(fingerprint_sha256=fingerprint).exclude(certificate=self.pk).exists()
        ):
            raise ValidationError({'pem' if self.pem else 'fingerprint_sha256': KNOWN_ALREADY})

    def validate_constraints(self, exclude=None):
        # _check_known() also checks the histories, with a message that says what to do.
        super().validate_constraints(exclude={*(exclude or ()), 'fingerprint_sha256'})

    def _limit_typed_names(self) -> None:
        """Apply the limits for certificates from a PEM, before the names are read."""
        names = [name for name in self.subject_alt_names or () if isinstance(name, str)]
        limit = settings.limits().max_subject_alt_names
        if len(names) > limit:
            message = _(
                'Enter at most {limit} names; these are {count}. An administrator can raise the limit (setting '
                'import_max_names).'
            ).format(limit=limit, count=len(names))
            raise ValidationError({'subject_alt_names': message})
        if long := [name for name in names if not fits_index(name)]:
            message = _('“{name}” is longer than {limit} bytes. Shorten or omit it.').format(
                name=visible(long[0], 50), limit=MAX_SAN_OCTETS
            )
            raise ValidationError({'subject_alt_names': message})
        if any('\0' in name for name in names):
            message = _('A name contains the character NUL, which cannot be stored. Remove it.')
            raise ValidationError({'subject_alt_names': message})

    def _refuse_times_beyond_the_calendar(self) -> None:
        """Refuse times that are before year 1 or after 9999 in UTC, in which they are stored."""
        for name in ('valid_from', 'valid_to'):
            value = getattr(self, name)
            try:
                if isinstance(value, datetime):
                    value.astimezone(UTC)
            except OverflowError as error:
                raise ValidationError({name: _('Enter a time from year 1 to 9999 in UTC.')}) from error

    def _check_typed_facts(self) -> None:
        missing = [name for name in ('valid_from', 'valid_to') if getattr(self, name) is None]
        if missing and not self.chain_pem:
            message = _('Enter Valid from and Valid to, or paste a PEM.')
            raise ValidationError(dict.fromkeys(missing, message))
        if not self.name:
            raise ValidationError(
                {'name': _('Enter a name, a subject alternative name, a subject, a serial number, or a PEM.')}
            )
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValidationError(
                {'valid_to': _('Valid to is before Valid from ({begin}).').format(begin=self.valid_from)}
            )
        for name, digits in HEX_FIELDS.items():
            value = (getattr(self, name) or '').removeprefix('-')
            if set(value) - set('0123456789ABCDEF') or (digits and value and len(value) != digits):
                raise ValidationError(
                    {
                        name: _('Enter hexadecimal digits{count}; colons, spaces and lower case are accepted.').format(
                            count=_(' ({digits} of them)').format(digits=digits) if digits else ''
                        )
                    }
                )

    def set_derived_fields(self) -> None:
        """Sort marks, and fill in values derived from other columns: the name if it is empty, the lineage."""
        self.expiry_marks = listed_marks(self.expiry_marks or ())
        # NetBox does this for fields with unique=True only.
        self.fingerprint_sha256 = self.fingerprint_sha256 or None
        names = self.subject_alt_names or []
        self.name = self.name or (names[0] if names else '') or self.subject or self.serial_number
        self.name = self.name[:255]
        if not self.pem:
            self.chain_valid_to = None
            self.ari_cert_id = ''
            self.lineage = lineage_key(names, self.key_algorithm) if names else ''
