"""The validity of a certificate, the marks at which its expiry is announced, and what to do then."""

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from netbox_ssl import settings
from netbox_ssl.acme.renewal_kinds import NOT_ACME, active_q
from netbox_ssl.choices import CertificateStatusChoices, ValidityChoices
from netbox_ssl.expiry import validity as rule
from netbox_ssl.expiry.marks import (
    MAX_MARK,
    MOST_MARKS,
    end_sql,
    listed_marks,
    mark_limit,
    mark_limit_sql,
    sorted_marks,
)
from netbox_ssl.expiry.wording import short_validity_text, validity_text

from .moments import iso_day

__all__ = ('EXPIRY_FIELDS', 'EXPIRY_INDEXES', 'ExpiryMixin')

# The settings of a certificate about its expiry, in the order in which they are shown everywhere
EXPIRY_FIELDS = ('expiry_marks', 'renewal_instructions')

# Columns that the validity is computed from
RULE_COLUMNS = ('valid_from', 'chain_valid_to', 'expires_at', 'expiry_mark_limit', 'expiry_marks')

# Columns that counts by validity and by who renews the certificates read
COUNTED_BY = (
    'valid_from',
    'valid_to',
    'chain_valid_to',
    'expiry_mark_limit',
    'expiry_marks',
    'is_acme',
    'acme_auto_renewal',
)

EXPIRY_INDEXES = (
    # For lists and counts by validity, and for lists sorted by expiry. It includes all that the rule reads, so that
    # counting does not read the table.
    models.Index(
        fields=('valid_to', 'id'),
        include=RULE_COLUMNS,
        name='netbox_ssl_cert_expiry',
    ),
    # For those of which a mark of the setting has passed
    models.Index(
        fields=('expires_at', 'expiry_mark_limit'),
        name='netbox_ssl_cert_mark',
    ),
    # A few certificates have marks of their own.
    models.Index(
        fields=('expires_at',),
        include=('status', *COUNTED_BY),
        condition=~models.Q(expiry_marks=[]),
        name='netbox_ssl_cert_own_marks',
    ),
    models.Index(
        fields=('valid_from', 'id'),
        name='netbox_ssl_cert_start',
    ),
    # For counts of certificates that are not ACME; those of the others are from the indexes by renewal status.
    models.Index(
        fields=('valid_to',),
        condition=active_q(NOT_ACME),
        name='netbox_ssl_cert_not_acme',
    ),
    # For counts by validity and by who renews the certificates, and by day (reports/)
    models.Index(
        fields=('expires_at',),
        include=(*COUNTED_BY, 'renewal_overdue_at'),
        condition=models.Q(status=CertificateStatusChoices.STATUS_ACTIVE),
        name='netbox_ssl_cert_soon',
    ),
)


class ExpiryMarksField(ArrayField):
    """
    Numbers of days before expiry, largest first. The database always has them smallest first, because the rule in SQL
    relies on it.
    """

    def deconstruct(self):
        # For migrations it is a plain array.
        name, _path, args, kwargs = super().deconstruct()
        return name, 'django.contrib.postgres.fields.ArrayField', args, kwargs

    def get_db_prep_save(self, value, connection):
        return super().get_db_prep_save(sorted_marks(value) if isinstance(value, list | tuple) else value, connection)

    def from_db_value(self, value, expression, connection):
        return None if value is None else listed_marks(value)


class ExpiryMixin(models.Model):
    """Columns about expiry, and the answers of the validity rule (``expiry/validity.py``) for a certificate."""

    expiry_marks = ExpiryMarksField(
        base_field=models.IntegerField(
            validators=[MinValueValidator(0), MaxValueValidator(MAX_MARK)],
        ),
        verbose_name=_('expiry marks'),
        size=MOST_MARKS,
        blank=True,
        default=list,
        help_text=_(
            'Days before expiry at which it is announced, such as 60, 30, 7. Leave empty to use those of the '
            'configuration.'
        ),
    )
    renewal_instructions = models.TextField(
        verbose_name=_('renewal instructions'),
        blank=True,
        help_text=_('How to renew it, for whoever is notified of its expiry. Markdown is supported.'),
    )
    # From where marks count back, and the number of days below which they count; computed by the database, so that they
    # always match the columns they depend on
    expires_at = models.GeneratedField(
        expression=end_sql(),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    expiry_mark_limit = models.GeneratedField(
        expression=mark_limit_sql(),
        output_field=models.IntegerField(),
        db_persist=True,
    )

    EXPIRY_INTERNAL = ('expires_at', 'expiry_mark_limit')

    class Meta:
        abstract = True

    @property
    def marks_end(self):
        """Return the time from which marks count back. Unlike ``expires_at`` it works before the object is saved."""
        return min(self.valid_to, self.chain_valid_to or self.valid_to)

    @property
    def effective_expiry_marks(self) -> list[int]:
        """Return the marks that apply, largest first: its own, or else those of the configuration."""
        return listed_marks(self.expiry_marks or settings.expiry_marks())

    def mark_limit(self) -> int:
        """Return the days below which marks count. Unlike ``expiry_mark_limit`` it works before the object is saved."""
        overdue_at = self.overdue_at() if self.renews_automatically else None
        return mark_limit(self.valid_from, self.valid_to, self.marks_end, overdue_at)

    def validity_at(self, now) -> str:
        """Return the validity as of ``now`` (an aware datetime)."""
        return rule.validity(
            valid_from=self.valid_from,
            valid_to=self.valid_to,
            end=self.marks_end,
            limit=self.mark_limit(),
            marks=self.effective_expiry_marks,
            now=now,
        )

    @property
    def validity(self) -> str:
        """Return one of ``ValidityChoices``, as of now."""
        return self.validity_at(timezone.now())

    @validity.setter
    def validity(self, value):
        """
        Ignore the value. Change log data contains it, and NetBox sets every key of the data when it restores an object.
        """

    def get_validity_display(self):
        return dict(ValidityChoices)[self.validity]

    def get_validity_color(self):
        """
        Return the color of the validity; red if the chain has expired, whichever marks count. Only active certificates
        are green: a revoked one must not look usable.
        """
        now = timezone.now()
        validity = self.validity_at(now)
        if validity != ValidityChoices.NOT_YET_VALID and self.marks_end < now:
            validity = ValidityChoices.EXPIRED
        if validity == ValidityChoices.VALID and self.status != CertificateStatusChoices.STATUS_ACTIVE:
            return 'secondary'
        return ValidityChoices.colors[validity]

    @property
    def validity_text(self) -> str:
        """Return the validity in words, for example "Expires in 12 days"."""
        now = timezone.now()
        return validity_text(self.validity_at(now), self.valid_from, self.valid_to, now, self.chain_valid_to)

    def get_valid_to_display(self):
        """Return what NetBox's search results show for ``valid_to``; they show columns only, not the validity."""
        now = timezone.now()
        text = short_validity_text(self.validity_at(now), self.valid_from, self.valid_to, now, self.chain_valid_to)
        return f'{iso_day(self.valid_to)} ({text})'

    @property
    def days_left(self) -> int:
        """Return the whole days until it expires, rounded down; negative afterwards."""
        return rule.days_left(self.valid_to, timezone.now())

    @days_left.setter
    def days_left(self, value):
        """Ignore the value, as for ``validity``."""
