"""The ACME settings of a Certificate: entered by a person, filled in by detection, or derived from the issuer."""

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone
from django.utils.translation import gettext as _

from netbox_ssl import settings
from netbox_ssl.acme.detection import Detection, detect
from netbox_ssl.acme.issuer_families import issuer_family
from netbox_ssl.netbox_internals import prechange_snapshot
from netbox_ssl.x509 import CertificateFacts

from .acme import ACME_SETTINGS

__all__ = (
    'DETECTED_FIELDS',
    'EARLIEST_RENEWAL',
    'PINNABLE_FIELDS',
    'ACMESettingsMixin',
)

# Fields that detection fills in unless they have been set
DETECTED_FIELDS = ('is_acme', 'acme_provider')

# Fields that detection does not change once a person has set them. The last one changes with the CA otherwise.
PINNABLE_FIELDS = (*DETECTED_FIELDS, 'acme_server_url')

# Fields that a warning names if they keep their value after a change of CA
OF_THE_CA = ('is_acme', 'acme_provider', 'acme_server_url', 'acme_account_email', 'acme_auto_renewal')

# When the first certificates were issued over ACME, and by how much clocks may differ
EARLIEST_RENEWAL = datetime(2015, 1, 1, tzinfo=UTC)
LATEST_RENEWAL_AHEAD = timedelta(days=1)


class ACMESettingsMixin:
    # Field → value filled in by detection or a report, not by a person, since this was read
    _filled_in = {}
    # Fields set by the request itself
    _given = frozenset()
    # After a change of CA: the detection of the current X.509 certificate, and the name of the former CA
    _changed_issuer = None

    def pin(self, names) -> None:
        """Note that a person or a client set these fields, so that detection does not change them from now on."""
        pinned = set(self.acme_pinned_fields) | (set(names) & set(PINNABLE_FIELDS))
        self.acme_pinned_fields = sorted(pinned)

    def note_given(self, names, reported=()) -> None:
        """Note that the request sets these fields, and pin them, except those that are only ``reported``."""
        self._given = frozenset(names)
        self._filled_in = {**self._filled_in, **{name: getattr(self, name) for name in reported}}
        self.pin(self._given - set(reported))

    def _pin_changes(self) -> None:
        """Pin the fields that a person changed, by comparing with the snapshot that NetBox takes before any edit."""
        if before := prechange_snapshot(self):
            changed = [name for name in PINNABLE_FIELDS if name in before and before[name] != getattr(self, name)]
            self.pin(name for name in changed if self._filled_in.get(name) != getattr(self, name))

    def detect_acme(self, facts: CertificateFacts, detection: Detection | None = None) -> Detection:
        """Fill in the fields that have not been set, from the detection of the issuer."""
        detection = detection or detect(facts, settings.catalogue())
        self._fill_in({name: value for name, value in _detected_settings(detection).items() if value})
        return detection

    def follow_issuer(self, facts: CertificateFacts, detection: Detection, before: CertificateFacts) -> None:
        """
        Update the settings when the X.509 certificate ``before`` is replaced. If another CA issued the new one, fields
        that have not been set are replaced or cleared, and a warning lists those that are kept.
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
            'This X.509 certificate was issued by another CA: {new}. The previous one was issued by {old}. These '
            'settings were kept: {settings}. Check them.'
        ).format(
            new=detection.provider or self.issuer,
            old=former,
            settings=', '.join(str(self._meta.get_field(name).verbose_name) for name in kept),
        )

    def note_renewal(self) -> None:
        """
        Set the last renewal to the start of the validity, because a newer X.509 certificate replaced the previous one.
        """
        if self.is_acme:
            self.acme_last_renewed = min(self.valid_from, timezone.now())

    def imply_acme(self) -> None:
        """Set ``is_acme`` if ACME settings are given and ``is_acme`` itself has not been set."""
        if 'is_acme' not in self.acme_pinned_fields and self._set_acme_settings():
            self.is_acme = True

    def _set_acme_settings(self) -> list[str]:
        # Compared by identity: 0 renewal days are a setting, although 0 == False.
        values = ((name, getattr(self, name)) for name in ACME_SETTINGS)
        return [name for name, value in values if value is not None and value is not False and value != '']

    def _check_acme_settings(self) -> None:
        if self.is_ca and self.is_acme:
            raise ValidationError({'is_acme': _('CA certificates are not issued over ACME.')})
        if not self.is_acme and (names := self._set_acme_settings()):
            message = _('Applies only to ACME certificates: set Is ACME (is_acme), or leave this empty.')
            raise ValidationError(dict.fromkeys(names, message))
        check_server_url(self.acme_server_url)
        self._check_last_renewed()

    def _check_last_renewed(self) -> None:
        """Refuse a time that only a wrong clock can explain."""
        moment = self.acme_last_renewed
        # A wrong stored value must not block other changes.
        if moment is None or (not self._state.adding and self._is_unchanged('acme_last_renewed')):
            return
        if not EARLIEST_RENEWAL <= moment <= timezone.now() + LATEST_RENEWAL_AHEAD:
            message = _('Enter a time between 2015, when ACME started, and now. Check the clock of the host.')
            raise ValidationError({'acme_last_renewed': message})

    def _is_unchanged(self, name: str) -> bool:
        """
        Return whether a column has the value in NetBox's snapshot from before this change; True without a snapshot.
        """
        before = prechange_snapshot(self)
        # Snapshots are JSON.
        return name not in before or before[name] == json.loads(json.dumps(getattr(self, name), cls=DjangoJSONEncoder))

    def acme_warnings(self) -> list[str]:
        """Return warnings about ACME settings that are accepted but probably not intended, one sentence each."""
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


def check_server_url(url: str) -> None:
    """
    Raise a ValidationError unless ``url`` is empty or http(s) with a host. Django's URLValidator is not
    used, because it refuses internal names without a dot.
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
                    'Not an http(s) URL. Enter the URL of the ACME directory, for example '
                    'https://acme-v02.api.letsencrypt.org/directory'
                )
            }
        )
