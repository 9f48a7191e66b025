"""Renewal information (RFC 9773): the window suggested by the CA, and the time of the next poll."""

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from netbox_ssl.acme import renewal
from netbox_ssl.acme.renewal_info import certificate_id

from .announcements import ELIGIBLE

__all__ = ('ARI_INDEXES', 'ARIFieldsMixin')

# Serial numbers with up to 512 octets have been seen.
MAX_ID = 1100

# Conditions of the indexes; polling must use exactly the same conditions.
SCHEDULED = ELIGIBLE & Q(ari_next_check__isnull=False)
UNANNOUNCED_MOVE = Q(ari_previous_start__isnull=False)

ARI_INDEXES = (
    models.Index(fields=('ari_next_check',), condition=SCHEDULED, name='netbox_ssl_cert_ari_next'),
    # Contains only rows that are about to be announced.
    models.Index(fields=('id',), condition=UNANNOUNCED_MOVE, name='netbox_ssl_cert_ari_moved'),
)

# Columns that belong to one X.509 certificate → their value before it is polled
STATE = {
    'ari_window_start': None,
    'ari_window_end': None,
    'ari_explanation_url': '',
    'ari_last_checked': None,
    'ari_error': '',
    'ari_failures': 0,
    'ari_previous_start': None,
    'ari_previous_end': None,
}
# The CA is polled again when one of these changes.
ASKED_BY = ('ari_cert_id', 'acme_server_url', 'acme_provider', 'is_acme', 'status')


class ARIFieldsMixin(models.Model):
    """
    The response of the CA. Polling writes it without ``save()`` (``ari/polling.py``, see ``BookkeepingMixin``). It is
    reset when the X.509 certificate is replaced.
    """

    ari_cert_id = models.CharField(
        verbose_name=_('ARI certificate ID'),
        max_length=MAX_ID,
        blank=True,
        editable=False,
        help_text=_('Identifies the certificate to the CA (RFC 9773, section 4.1)'),
    )
    ari_window_start = models.DateTimeField(
        verbose_name=_('ARI window start'),
        blank=True,
        null=True,
        editable=False,
    )
    ari_window_end = models.DateTimeField(
        verbose_name=_('ARI window end'),
        blank=True,
        null=True,
        editable=False,
    )
    ari_explanation_url = models.TextField(
        verbose_name=_('ARI explanation'),
        blank=True,
        editable=False,
    )
    ari_last_checked = models.DateTimeField(
        verbose_name=_('ARI last checked'),
        blank=True,
        null=True,
        editable=False,
    )
    # None: never. While a worker polls: when another worker may poll if the first one has died.
    ari_next_check = models.DateTimeField(
        verbose_name=_('ARI next check'),
        blank=True,
        null=True,
        editable=False,
    )
    ari_error = models.TextField(
        verbose_name=_('ARI error'),
        blank=True,
        editable=False,
        help_text=_('Why the last check failed'),
    )
    # Temporary failures in a row
    ari_failures = models.PositiveSmallIntegerField(
        default=0,
        editable=False,
    )
    # The previous window, until the move has been announced
    ari_previous_start = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )
    ari_previous_end = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )

    # Not shown
    ARI_INTERNAL = ('ari_failures', 'ari_previous_start', 'ari_previous_end')
    # Not in the change log, because polling does not change a certificate
    ARI_BOOKKEEPING = (*ARI_INTERNAL, 'ari_last_checked', 'ari_next_check', 'ari_error')
    # Columns that change with the PEM
    ARI_OF_PEM = ('ari_cert_id', *STATE)

    class Meta:
        abstract = True

    @property
    def has_ari(self) -> bool:
        """Return whether the CA has suggested a window for the current X.509 certificate."""
        return self.ari_window_start is not None

    def take_ari_cert_id(self, facts) -> None:
        """Set the certificate ID by which the CA is polled; reset the response about another X.509 certificate."""
        before = self.ari_cert_id
        made = certificate_id(facts.authority_key_id, facts.serial_number)
        self.ari_cert_id = made if len(made) <= MAX_ID else ''
        if before and self.ari_cert_id != before:
            self._forget_answers()

    def schedule_ari(self, now) -> None:
        """Have the CA polled as soon as possible (RFC 9773, section 4.3: right after issuance)."""
        self.ari_next_check = now if self._may_have_ari() else None

    def _may_have_ari(self) -> bool:
        return renewal.is_eligible(self.is_acme, self.status) and bool(self.ari_cert_id)

    def settle_ari(self, stored: dict) -> None:
        """Prepare these columns for a save over ``stored`` (see ``take_bookkeeping()``; empty: it is new)."""
        if stored and self.ari_cert_id != stored['ari_cert_id']:
            self._forget_answers()
        if not stored or not self._may_have_ari() or any(getattr(self, name) != stored[name] for name in ASKED_BY):
            self.schedule_ari(timezone.now())

    def _forget_answers(self) -> None:
        for name, value in STATE.items():
            setattr(self, name, value)
