"""The renewal status of a certificate, and what follows from its dates."""

from django.utils import timezone

from netbox_ssl.acme import renewal
from netbox_ssl.choices import RenewalStatusChoices, ValidityChoices
from netbox_ssl.models.usual_renewal import USUAL_RENEWAL, usual_renewal_sql

__all__ = ('STATE_COLUMNS', 'RenewalMixin')

# Columns from which the renewal status and the validity of a certificate are computed (RenewalMixin, ExpiryMixin)
STATE_COLUMNS = (
    'status',
    'valid_from',
    'valid_to',
    'chain_valid_to',
    'is_acme',
    'acme_auto_renewal',
    'acme_renewal_days',
    'ari_window_start',
    'ari_window_end',
    'expiry_marks',
)


class RenewalMixin:
    """Answers of the renewal rule (``acme/renewal.py``) for a certificate."""

    @property
    def renews_automatically(self) -> bool:
        """Return whether an ACME client renews it, so that there is a time at which its renewal is due."""
        return self.is_acme and self.acme_auto_renewal

    def due_at(self):
        """
        Return when renewal is due. Unlike ``renewal_due_at`` it also works before the object is saved, and for a
        certificate that no client renews: then it is when a client would.
        """
        return renewal.renewal_due_at(self.valid_from, self.valid_to, self.acme_renewal_days, self.ari_window_start)

    def overdue_at(self):
        """Return when renewal is overdue. It works in the same cases as ``due_at()``."""
        return renewal.overdue_at(self.due_at(), self.valid_to, self.ari_window_end)

    def renewal_status_at(self, now) -> str | None:
        """Return the renewal status as of ``now`` (an aware datetime)."""
        return renewal.renewal_status(
            is_acme=self.is_acme,
            status=self.status,
            valid_to=self.valid_to,
            auto_renewal=self.acme_auto_renewal,
            due_at=self.due_at(),
            now=now,
        )

    @property
    def renewal_status(self) -> str | None:
        """Return one of ``RenewalStatusChoices`` or None, as of now."""
        return self.renewal_status_at(timezone.now())

    @renewal_status.setter
    def renewal_status(self, value):
        """
        Ignore the value. Change log data contains it, and NetBox sets every key of the data when it restores an object.
        """

    def get_renewal_status_display(self):
        return dict(RenewalStatusChoices).get(self.renewal_status)

    def get_renewal_status_color(self):
        status = self.renewal_status
        if status == RenewalStatusChoices.MANUAL and self.validity == ValidityChoices.EXPIRING:
            # Somebody has to act now.
            return ValidityChoices.colors[ValidityChoices.EXPIRING]
        return RenewalStatusChoices.colors.get(status)

    @property
    def renewal_overdue(self) -> bool:
        """Return whether it is Due although a working client would have renewed it by now."""
        now = timezone.now()
        return self.renewal_status_at(now) == RenewalStatusChoices.DUE and now >= self.overdue_at()

    @property
    def usual_renewal_days(self) -> float | None:
        """Return how many days before expiry it is usually renewed; None with fewer than two renewals."""
        if USUAL_RENEWAL not in self.__dict__:
            found = type(self).objects.filter(pk=self.pk).values_list(usual_renewal_sql(), flat=True)
            setattr(self, USUAL_RENEWAL, found.first())
        days = getattr(self, USUAL_RENEWAL)
        return None if days is None else round(days, 2)

    @property
    def usual_renewal_distance(self) -> float | None:
        """Return the absolute value of ``usual_renewal_days``."""
        return None if self.usual_renewal_days is None else abs(self.usual_renewal_days)
