"""What makes a Certificate valid, and what is filled in for the person: names, facts from the PEM, detection."""

import json
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from netbox_ssl import settings
from netbox_ssl.acme.detection import detect
from netbox_ssl.x509 import (
    CertificateFacts,
    CertificateInputError,
    Leaf,
    find_private_key,
    lineage_key,
    name_key,
    read_certificates,
)

from .x509_fields import FACT_FIELDS

__all__ = ('ACME_SETTINGS', 'DETECTED_FIELDS', 'CertificateValidationMixin', 'refuse_private_key')

# Meaningful only on an ACME certificate.
ACME_SETTINGS = (
    'acme_provider',
    'acme_account_email',
    'acme_challenge_type',
    'acme_server_url',
    'acme_auto_renewal',
    'acme_last_renewed',
    'acme_renewal_days',
)

# Filled by detection where nobody has set them.
DETECTED_FIELDS = ('is_acme', 'acme_provider')


def refuse_private_key(field: str, value) -> None:
    """Raise a ValidationError at ``field`` if ``value`` (any JSON-like value) holds private key material."""
    text = value if isinstance(value, (str, bytes)) else json.dumps(value, default=str)
    if form := find_private_key(text):
        raise ValidationError({
            field: _(
                'This holds a private key ({form}). NetBox SSL never takes one: nothing was stored. Paste only the '
                'certificate (BEGIN CERTIFICATE … END CERTIFICATE). If the key has left its host, consider it exposed.'
            ).format(form=form)
        })


class CertificateValidationMixin:
    def clean(self):
        self._refuse_private_keys()
        super().clean()
        if self.pem or self.chain_pem:
            self._read_pem()
        else:
            self.normalize_typed_facts()
            self._check_typed_facts()
        self.set_derived_fields()
        self._check_acme_settings()

    #
    # Private keys
    #

    def _refuse_private_keys(self) -> None:
        for field in self._meta.concrete_fields:
            if isinstance(field, (models.CharField, models.TextField, models.JSONField)) and field.editable:
                if value := getattr(self, field.attname):
                    refuse_private_key(field.name, value)
        # custom_field_data is the column's name; people know it as custom fields.
        for name, value in (self.custom_field_data or {}).items():
            if value:
                refuse_private_key('custom_field_data', {name: value})

    #
    # Facts
    #

    def _read_pem(self) -> None:
        """Take the facts from the PEM, and run detection when it holds another certificate than before."""
        try:
            parsed = read_certificates(
                '\n'.join(part for part in (self.pem, self.chain_pem) if part),
                limits=settings.limits(),
                allow_ca=not self._state.adding and not self._pem_changed(),
            )
        except CertificateInputError as error:
            raise ValidationError({'pem' if self.pem else 'chain_pem': str(error)}) from error
        if len(parsed.leaves) > 1:
            names = ', '.join(leaf.facts.name for leaf in parsed.leaves[:5])
            raise ValidationError({
                'pem': _(
                    'This holds {count} certificates ({names}), and an object is one certificate. Use Import, which '
                    'makes one of each, or paste only one.'
                ).format(count=len(parsed.leaves), names=names)
            })
        if parsed.unrelated:
            names = ', '.join(facts.name for facts in parsed.unrelated[:5])
            raise ValidationError({
                'chain_pem' if self.chain_pem else 'pem': _(
                    'Not part of the chain of this certificate: {names}. Leave it out.'
                ).format(names=names)
            })
        self.take_leaf(parsed.leaves[0])

    def _stored(self, name: str):
        """The value of a column before this change, as far as NetBox took a snapshot; else the present one."""
        snapshot = getattr(self, '_prechange_snapshot', None) or {}
        return snapshot.get(name, getattr(self, name))

    def _pem_changed(self) -> bool:
        return self._stored('pem') != self.pem

    def take_leaf(self, leaf: Leaf) -> None:
        """Make ``leaf`` the current X.509 certificate: facts, PEM, chain, and what detection says of it."""
        facts = leaf.facts
        new = self._state.adding or self._stored('fingerprint_sha256') != facts.fingerprint_sha256
        for name in FACT_FIELDS:
            setattr(self, name, getattr(facts, name))
        self.subject_alt_names = list(facts.subject_alt_names)
        self.pem = facts.pem
        self.chain_pem = ''.join(link.pem for link in leaf.chain)
        self.lineage = name_key(facts)
        self.name = self.name or facts.name[:255]
        if new:
            self.detect_acme(facts)

    def _check_typed_facts(self) -> None:
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            raise ValidationError({
                'valid_to': _('The end of validity lies before its begin ({begin}).').format(begin=self.valid_from)
            })
        for name, digits in (('serial_number', None), ('fingerprint_sha256', 64)):
            value = (getattr(self, name) or '').removeprefix('-')
            if set(value) - set('0123456789ABCDEF') or (digits and value and len(value) != digits):
                raise ValidationError({
                    name: _('Give hexadecimal digits{count}; colons, spaces and lower case are fine.').format(
                        count=_(' (64 of them)') if digits else ''
                    )
                })

    def set_derived_fields(self) -> None:
        """Fill what follows from other columns: the name where it is empty, and what identifies the lineage."""
        names = self.subject_alt_names or []
        self.name = self.name or (names[0] if names else '') or self.subject or self.serial_number
        self.name = self.name[:255]
        if not self.pem:
            self.lineage = lineage_key(names, self.key_algorithm) if names else ''
        if not self.name:
            raise ValidationError({
                'name': _('Give a name, a subject alternative name, a subject, a serial number, or a PEM.')
            })

    #
    # ACME
    #

    def pin(self, names) -> None:
        """Note that a person or a client set these fields: detection leaves them alone from now on."""
        pinned = set(self.acme_pinned_fields) | (set(names) & set(DETECTED_FIELDS))
        self.acme_pinned_fields = sorted(pinned)

    def detect_acme(self, facts: CertificateFacts):
        """Fill what nobody has set from what the issuer gives away. Returns the ``Detection``."""
        detection = detect(facts, settings.catalogue())
        found = {
            'is_acme': detection.is_acme,
            'acme_provider': detection.provider if detection.is_acme else '',
        }
        # A field that a person filled before this record existed is theirs, pinned or not.
        for name in DETECTED_FIELDS:
            if name not in self.acme_pinned_fields and found[name]:
                setattr(self, name, found[name])
        return detection

    def imply_acme(self) -> None:
        """ACME settings without a word on ``is_acme`` say that the certificate is issued over ACME."""
        if 'is_acme' not in self.acme_pinned_fields and self._set_acme_settings():
            self.is_acme = True

    def _set_acme_settings(self) -> list[str]:
        return [name for name in ACME_SETTINGS if getattr(self, name) not in (None, '', False)]

    def _check_acme_settings(self) -> None:
        if not self.is_acme:
            if names := self._set_acme_settings():
                message = _('Applies to ACME certificates only: set Is ACME (is_acme), or leave this empty.')
                raise ValidationError(dict.fromkeys(names, message))
        check_server_url(self.acme_server_url)

    def get_warnings(self) -> list[str]:
        """What is accepted but probably not meant, one sentence each."""
        warnings = []
        lifetime = self.valid_to - self.valid_from
        if self.acme_renewal_days is not None and self.acme_renewal_days >= lifetime.total_seconds() / 86400:
            warnings.append(
                _(
                    'Renewal days ({days}) are not less than the lifetime of {lifetime:.1f} days: this certificate is '
                    'always due. Lower them, or leave them empty to follow the lifetime.'
                ).format(days=self.acme_renewal_days, lifetime=lifetime.total_seconds() / 86400)
            )
        return warnings


def check_server_url(url: str) -> None:
    """
    Raise a ValidationError unless ``url`` is empty or http(s) with a host. Django's URLValidator will not do: it
    refuses in-house names without a dot.
    """
    if not url:
        return
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ('http', 'https') and parts.hostname and (parts.port or True)
    except ValueError:
        valid = False
    if not valid or any(char.isspace() or not char.isprintable() for char in url):
        raise ValidationError({
            'acme_server_url': _(
                'Not an http(s) URL. Give the address of the ACME directory, for instance '
                'https://acme-v02.api.letsencrypt.org/directory'
            )
        })
