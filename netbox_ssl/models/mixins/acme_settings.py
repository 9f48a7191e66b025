"""The ACME settings of a Certificate: what a person said, what detection filled in, and what follows the issuer."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from cryptography import x509
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.acme.detection import Detection, detect
from netbox_ssl.acme.issuer_families import issuer_family
from netbox_ssl.netbox_internals import prechange_snapshot
from netbox_ssl.x509 import CertificateFacts, read_facts

from .acme import ACME_SETTINGS

__all__ = (
    'DETECTED_FIELDS',
    'EARLIEST_RENEWAL',
    'PINNABLE_FIELDS',
    'ACMESettingsMixin',
    'read_stored_facts',
)

# Filled by detection where nobody has set them.
DETECTED_FIELDS = ('is_acme', 'acme_provider')


# Detection leaves these alone once a person has set them; the last belongs to the CA, too, and follows it otherwise.
PINNABLE_FIELDS = (*DETECTED_FIELDS, 'acme_server_url')

# Fields that a warning names after a change of CA, where they keep their value.
OF_THE_CA = ('is_acme', 'acme_provider', 'acme_server_url', 'acme_account_email', 'acme_auto_renewal')

# The first certificates that were issued over ACME; and clocks differ.
EARLIEST_RENEWAL = datetime(2015, 1, 1, tzinfo=UTC)
LATEST_RENEWAL_AHEAD = timedelta(days=1)


class ACMESettingsMixin:
    # Field → value that detection or a report has filled in since this was read: no person's doing.
    _filled_in = {}
    # What the request gives itself
    _given = frozenset()
    # Detection of the present X.509 certificate and the name of the former CA, where that is another one
    _changed_issuer = None

    def pin(self, names) -> None:
        """Note that a person or a client set these fields: detection leaves them alone from now on."""
        pinned = set(self.acme_pinned_fields) | (set(names) & set(PINNABLE_FIELDS))
        self.acme_pinned_fields = sorted(pinned)

    def note_given(self, names, reported=()) -> None:
        """Note that the request gives these fields; of those that only a report gives nobody says that they stay."""
        self._given = frozenset(names)
        self._filled_in = {**self._filled_in, **{name: getattr(self, name) for name in reported}}
        self.pin(self._given - set(reported))

    def _pin_changes(self) -> None:
        """What a person changes becomes theirs, whichever way they came: NetBox takes a snapshot before any edit."""
        if before := prechange_snapshot(self):
            changed = [name for name in PINNABLE_FIELDS if name in before and before[name] != getattr(self, name)]
            self.pin(name for name in changed if self._filled_in.get(name) != getattr(self, name))

    def detect_acme(self, facts: CertificateFacts, detection: Detection | None = None) -> Detection:
        """Fill what nobody has set from what the issuer gives away."""
        detection = detection or detect(facts, settings.catalogue())
        self._fill_in({name: value for name, value in _detected_settings(detection).items() if value})
        return detection

    def follow_issuer(self, facts: CertificateFacts, detection: Detection, before: CertificateFacts) -> None:
        """
        The X.509 certificate replaces that of ``before``. Where another CA has issued it, what nobody has set is
        replaced or cleared, and a warning tells what stays.
        """
        former = detect(before, settings.catalogue())
        if issuer_family(facts, detection) == issuer_family(before, former):
            self.detect_acme(facts, detection)
            return
        self._fill_in({**_detected_settings(detection), 'acme_server_url': ''})
        if not self.is_acme and 'acme_last_renewed' not in self._given:
            self.acme_last_renewed = None
        self._changed_issuer = detection, former.provider or before.issuer

    def _fill_in(self, found: dict) -> None:
        for name, value in found.items():
            if name not in self.acme_pinned_fields and name not in self._given:
                setattr(self, name, value)
                self._filled_in = {**self._filled_in, name: value}

    def _issuer_warning(self) -> str:
        """Return warnings about settings of the former CA that remain, unless the request sets them."""
        if self._changed_issuer is None:
            return ''
        detection, former = self._changed_issuer
        kept = [name for name in OF_THE_CA if getattr(self, name) and name not in self._given]
        if detection.is_acme:
            kept = [name for name in kept if name not in ('is_acme', 'acme_auto_renewal')]
        if detection.provider == self.acme_provider:
            kept = [name for name in kept if name != 'acme_provider']
        if not kept:
            return ''
        return _(
            'Another CA has issued this X.509 certificate: {new}. The one before was issued by {old}. These settings '
            'stayed as they were: {settings}. Check them.'
        ).format(
            new=detection.provider or self.issuer,
            old=former,
            settings=', '.join(str(self._meta.get_field(name).verbose_name) for name in kept),
        )

    def note_renewal(self) -> None:
        """The X.509 certificate was replaced by a newer one: that was a renewal, at the begin of the new validity."""
        if self.is_acme:
            self.acme_last_renewed = min(self.valid_from, timezone.now())

    def imply_acme(self) -> None:
        """ACME settings without a word on ``is_acme`` say that the certificate is issued over ACME."""
        if 'is_acme' not in self.acme_pinned_fields and self._set_acme_settings():
            self.is_acme = True

    def _set_acme_settings(self) -> list[str]:
        # By identity: 0 renewal days are a setting, although 0 == False.
        values = ((name, getattr(self, name)) for name in ACME_SETTINGS)
        return [name for name, value in values if value is not None and value is not False and value != '']

    def _check_acme_settings(self) -> None:
        if not self.is_acme and (names := self._set_acme_settings()):
            message = _('Applies only to ACME certificates: set Is ACME (is_acme), or leave this empty.')
            raise ValidationError(dict.fromkeys(names, message))
        check_server_url(self.acme_server_url)
        self._check_last_renewed()

    def _check_last_renewed(self) -> None:
        """A clock that is wrong must not make an old renewal look recent, or the other way round."""
        moment = self.acme_last_renewed
        # What is wrong in a stored value must not hold up other changes.
        if moment is None or (not self._state.adding and self._is_unchanged('acme_last_renewed')):
            return
        if not EARLIEST_RENEWAL <= moment <= timezone.now() + LATEST_RENEWAL_AHEAD:
            message = _('Enter a time between 2015, when ACME began, and now. Check the clock of the host.')
            raise ValidationError({'acme_last_renewed': message})

    def _is_unchanged(self, name: str) -> bool:
        """Whether a column is as it was in the snapshot that NetBox took before this change; True without one."""
        before = prechange_snapshot(self)
        # Snapshots are JSON.
        return name not in before or before[name] == json.loads(json.dumps(getattr(self, name), cls=DjangoJSONEncoder))

    def get_warnings(self) -> list[str]:
        """What is accepted but probably not meant, one sentence each."""
        warnings = list(filter(None, [self._issuer_warning()]))
        lifetime = self.valid_to - self.valid_from
        if self.acme_renewal_days is not None and self.acme_renewal_days >= lifetime.total_seconds() / 86400:
            warnings.append(
                _(
                    'Renewal days ({days}) are not less than the lifetime of {lifetime:.1f} days: this certificate is '
                    'always due. Lower them, or leave them empty to follow the lifetime.'
                ).format(days=self.acme_renewal_days, lifetime=lifetime.total_seconds() / 86400)
            )
        return warnings


def _detected_settings(detection: Detection) -> dict:
    return {'is_acme': detection.is_acme, 'acme_provider': detection.provider if detection.is_acme else ''}


def read_stored_facts(pem: str) -> CertificateFacts | None:
    """Return what a stored PEM says; None where there is none, or none that can be read."""
    if not pem:
        return None
    try:
        return read_facts(x509.load_pem_x509_certificate(pem.encode()))
    except Exception:  # it could be read when it came in, perhaps by another version of the libraries
        return None


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
        raise ValidationError(
            {
                'acme_server_url': _(
                    'Not an http(s) URL. Give the address of the ACME directory, for instance '
                    'https://acme-v02.api.letsencrypt.org/directory'
                )
            }
        )
