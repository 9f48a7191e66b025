from contextlib import contextmanager

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator
from django.db import IntegrityError, models, router, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.models import PrimaryModel
from netbox.models.features import ContactsMixin
from utilities.exceptions import AbortRequest

from netbox_ssl.acme import renewal
from netbox_ssl.branching import ReplayedMixin
from netbox_ssl.choices import ACMEChallengeTypeChoices, CertificateStatusChoices, ValidityChoices
from netbox_ssl.x509 import CertificateFacts

from .mixins.acme import ACME_FIELDS
from .mixins.announcements import STATUS_INDEXES, SWEEP_INDEXES, AnnouncedFieldsMixin
from .mixins.ari import ARI_INDEXES, ASKED_BY, STATE, ARIFieldsMixin
from .mixins.authorities import AUTHORITY_INDEXES
from .mixins.bookkeeping import BookkeepingMixin
from .mixins.chains import CHAIN_INDEXES
from .mixins.change_log import ChangeLogDataMixin
from .mixins.deployment import DeploymentMixin
from .mixins.documentation import DocumentedMixin
from .mixins.expiry import EXPIRY_FIELDS, EXPIRY_INDEXES, ExpiryMixin
from .mixins.moments import day_display
from .mixins.renewal import RenewalMixin
from .mixins.validation import KNOWN_ALREADY, CertificateValidationMixin
from .mixins.x509 import X509FieldsMixin
from .mixins.yaml_export import CertificateYAMLMixin
from .source_reports import settle_certificate

__all__ = ('Certificate',)


class Certificate(
    DocumentedMixin,
    ReplayedMixin,
    CertificateValidationMixin,
    RenewalMixin,
    ExpiryMixin,
    DeploymentMixin,
    CertificateYAMLMixin,
    AnnouncedFieldsMixin,
    ARIFieldsMixin,
    BookkeepingMixin,
    ContactsMixin,
    X509FieldsMixin,
    ChangeLogDataMixin,
    PrimaryModel,
):
    """
    A TLS certificate that stays the same object while its X.509 certificate is renewed, like a lineage of certbot. It
    has the facts of the current X.509 certificate; its issuances are all X.509 certificates it has had.
    """

    name = models.CharField(
        verbose_name=_('name'),
        max_length=255,
        blank=True,
        db_collation='natural_sort',
        help_text=_(
            'If empty: the common name, or else the first DNS name, IP address, the subject, or the serial number'
        ),
    )
    status = models.CharField(
        verbose_name=_('status'),
        max_length=50,
        choices=CertificateStatusChoices,
        default=CertificateStatusChoices.STATUS_ACTIVE,
    )
    tenant = models.ForeignKey(
        to='tenancy.Tenant',
        on_delete=models.PROTECT,
        related_name='certificates',
        blank=True,
        null=True,
    )
    fingerprint_sha256 = models.CharField(
        verbose_name=_('SHA-256 fingerprint'),
        max_length=64,
        blank=True,
        null=True,
        help_text=_('Hexadecimal; colons, spaces and lower case are accepted'),
    )
    # Not changed by a renewal: a hash of the names and the key algorithm (x509/lineage.py)
    lineage = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
    )

    # ACME (RFC 8555)
    is_acme = models.BooleanField(
        verbose_name=_('is ACME'),
        default=False,
        help_text=_('Issued over ACME (RFC 8555)'),
    )
    acme_provider = models.CharField(
        verbose_name=_('ACME provider'),
        max_length=100,
        blank=True,
        help_text=_("Name of the CA, for example Let's Encrypt"),
    )
    acme_account_email = models.EmailField(
        verbose_name=_('account email'),
        blank=True,
        help_text=_('Contact address of the ACME account'),
    )
    acme_challenge_type = models.CharField(
        verbose_name=_('challenge type'),
        max_length=20,
        choices=ACMEChallengeTypeChoices,
        blank=True,
    )
    acme_server_url = models.CharField(
        verbose_name=_('server URL'),
        max_length=500,
        blank=True,
        help_text=_('URL of the ACME directory'),
    )
    acme_auto_renewal = models.BooleanField(
        verbose_name=_('auto-renewal'),
        default=False,
        help_text=_('An ACME client renews it automatically'),
    )
    acme_last_renewed = models.DateTimeField(
        verbose_name=_('last renewed'),
        blank=True,
        null=True,
        help_text=_('When it was last renewed over ACME'),
    )
    acme_renewal_days = models.PositiveIntegerField(
        verbose_name=_('renewal days'),
        blank=True,
        null=True,
        validators=[MaxValueValidator(renewal.MAX_RENEWAL_DAYS)],
        help_text=_('Renew this many days before expiry. Leave empty to derive it from the lifetime.'),
    )
    # Fields that were set by a person or a client, so that detection does not change them
    acme_pinned_fields = ArrayField(
        base_field=models.CharField(max_length=50),
        blank=True,
        default=list,
        editable=False,
    )

    # Created by reports of sources and not edited by a person since. It may be merged into another certificate if it
    # turns out to be its renewal (intake/merging.py).
    reported_only = models.BooleanField(
        default=False,
        editable=False,
    )

    # Computed by the database, so that they always match the columns they depend on; null unless an ACME client renews
    renewal_due_at = models.GeneratedField(
        verbose_name=_('renewal due'),
        expression=renewal.if_automatic(renewal.renewal_due_at_sql()),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )
    renewal_overdue_at = models.GeneratedField(
        verbose_name=_('renewal overdue'),
        expression=renewal.if_automatic(renewal.overdue_at_sql()),
        output_field=models.DateTimeField(null=True),
        db_persist=True,
    )

    DOCUMENTATION = 'reference/certificate'

    # Without the time of the last renewal, which does not apply to a clone
    clone_fields = ('status', 'tenant', *EXPIRY_FIELDS, *(name for name in ACME_FIELDS if name != 'acme_last_renewed'))

    BOOKKEEPING = (*AnnouncedFieldsMixin.ANNOUNCED_COLUMNS, *STATE, 'ari_next_check', 'unreported_since')
    BOOKKEEPING_DEPENDS_ON = (*AnnouncedFieldsMixin.ANNOUNCED_DEPEND_ON, *ASKED_BY)

    # Bookkeeping, not part of what a user or an event sees
    NOT_SERIALIZED = (
        'reported_only',
        'unreported_since',
        *AnnouncedFieldsMixin.ANNOUNCED_FIELDS,
        *ExpiryMixin.EXPIRY_INTERNAL,
        *ARIFieldsMixin.ARI_BOOKKEEPING,
    )

    get_renewal_due_at_display = day_display('renewal_due_at')

    _is_reported = False

    class Meta:
        ordering = ('name', 'pk')
        verbose_name = _('certificate')
        verbose_name_plural = _('certificates')
        constraints = (
            # Not unique=True, with which Django creates a second index, for LIKE
            models.UniqueConstraint(fields=('fingerprint_sha256',), name='%(app_label)s_%(class)s_fingerprint'),
            models.CheckConstraint(
                name='%(app_label)s_%(class)s_acme_renewal_days',
                condition=Q(acme_renewal_days__isnull=True)
                | Q(acme_renewal_days__gte=0, acme_renewal_days__lte=renewal.MAX_RENEWAL_DAYS),
                violation_error_message=_('Renewal days must be from 0 to 3650.'),
            ),
        )
        indexes = (
            models.Index(fields=('name', 'id'), name='netbox_ssl_cert_ordering'),
            models.Index(fields=('lineage',), name='netbox_ssl_cert_lineage'),
            models.Index(fields=('serial_number',), name='netbox_ssl_cert_serial'),
            models.Index(fields=('fingerprint_sha1',), name='netbox_ssl_cert_sha1'),
            GinIndex(fields=('subject_alt_names',), name='netbox_ssl_cert_names'),
            *STATUS_INDEXES,
            *EXPIRY_INDEXES,
            *SWEEP_INDEXES,
            *ARI_INDEXES,
            *AUTHORITY_INDEXES,
            *CHAIN_INDEXES,
        )

    def __str__(self):
        return self.name

    def get_warnings(self, facts: CertificateFacts | None = None) -> list[str]:
        """
        Return warnings about the certificate for responses and pages, one sentence or more each.

        Args:
            facts: of an X.509 certificate that was just read, possibly this one
        """
        return [
            *self.acme_warnings(),
            *self.chain_warnings(),
            *self.reading_warnings(),
            *self.encoding_warnings(facts),
        ]

    def get_status_color(self):
        """Return the color of the status; an expired certificate is not green because it is still active."""
        if self.status == CertificateStatusChoices.STATUS_ACTIVE and self.validity == ValidityChoices.EXPIRED:
            return ValidityChoices.colors[ValidityChoices.EXPIRED]
        return CertificateStatusChoices.colors.get(self.status)

    @contextmanager
    def saved_by_report(self):
        """Mark saves within this context as caused by a report, not by a person."""
        self._is_reported = True
        try:
            yield
        finally:
            self._is_reported = False

    def save(self, *args, **kwargs):
        self.refuse_private_keys_unvalidated()
        self.set_derived_fields()
        added = self._state.adding
        if not added and kwargs.get('update_fields') is None:
            self.reported_only = self.reported_only and self._is_reported
        using = kwargs.get('using') or router.db_for_write(type(self), instance=self)
        try:
            with transaction.atomic(using=using):
                if kwargs.get('update_fields') is None:
                    stored = {} if added else self.take_bookkeeping(using)
                    self.settle_announced(stored)
                    self.settle_ari(stored)
                super().save(*args, **kwargs)
                self.record_issuance()
                if not added:
                    settle_certificate(self.pk, using)
        except IntegrityError as error:
            # A race that _check_known() could not detect. NetBox shows AbortRequest as a message instead of an error
            # 500.
            if 'fingerprint_sha256' in str(error):
                raise AbortRequest(KNOWN_ALREADY) from error
            raise

    def record_issuance(self) -> None:
        """Create an issuance for the current X.509 certificate unless there is one."""
        from .issuances import Issuance

        # The database it was stored in: a branch or main
        using = self._state.db
        recorded = Issuance.objects.using(using).filter(certificate=self.pk)
        if self.pem and not recorded.filter(fingerprint_sha256=self.fingerprint_sha256).exists():
            Issuance.of(self).save(using=using)

    def serialize_object(self, exclude=None):
        """
        Return the data for NetBox's change log and event snapshots: with the renewal status, the validity and the
        deployment state, for conditions such as ``op: changed``, and without bookkeeping columns.
        """
        bookkeeping = (*self.ANNOUNCED_FIELDS, *self.EXPIRY_INTERNAL, *self.ARI_BOOKKEEPING)
        own = ('reported_only', 'unreported_since', *bookkeeping)
        excluded = exclude or ()
        data = super().serialize_object(exclude=[*excluded, *own])
        now = timezone.now()
        data.update({'renewal_status': self.renewal_status_at(now), 'validity': self.validity_at(now)})
        if 'deployment_state' not in excluded:
            data['deployment_state'] = self.deployment_state
        return {name: value for name, value in data.items() if name not in excluded}
