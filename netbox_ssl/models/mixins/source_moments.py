"""The columns that determine the state of a source (``source_states.py``)."""

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ('ALL_OLD', 'ANSWERS', 'SourceMomentsMixin')

# Number of last answers of an endpoint that count. One more is remembered, to know whether the first of them was a
# change. The value if all were old.
ANSWERS = 10
ALL_OLD = 2 ** (ANSWERS + 1) - 1


class SourceMomentsMixin(models.Model):
    # When the X.509 certificate that it reported last expires
    valid_to = models.DateTimeField(
        verbose_name=_('valid to'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('When the X.509 certificate that it reported last expires'),
    )
    issuance_since = models.DateTimeField(
        verbose_name=_('has it since'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('Since when it reports this X.509 certificate'),
    )
    behind_since = models.DateTimeField(
        verbose_name=_('behind since'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('Since when it has not had the current X.509 certificate'),
    )
    # The last answers of an endpoint, the latest in the lowest bit: 1 if it was a previous X.509 certificate. Behind a
    # load balancer, one of several hosts may not have the renewal, so that the answers alternate.
    answers = models.SmallIntegerField(
        default=ALL_OLD,
        editable=False,
    )
    # When it is behind and silent at the latest, by the lifetimes of the certificate and of its X.509 certificate
    behind_scaled_at = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )
    silent_scaled_at = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )
    # The first of the syncs in a row that did not list it (intake/sync.py)
    missed_since = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )
    gone_since = models.DateTimeField(
        verbose_name=_('gone since'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('Since when its client no longer has it'),
    )
    # Whether its reports matter: it has reported, is not gone, and its certificate is active.
    is_watched = models.BooleanField(
        default=False,
        editable=False,
    )
    # Whether the state has been announced (announcements/sweep/sources.py)
    expired_announced = models.BooleanField(
        default=False,
        editable=False,
    )
    behind_announced = models.BooleanField(
        default=False,
        editable=False,
    )
    silent_announced = models.BooleanField(
        default=False,
        editable=False,
    )

    # Columns that are not shown
    STATE_BOOKKEEPING = (
        'answers',
        'behind_scaled_at',
        'silent_scaled_at',
        'missed_since',
        'is_watched',
        'expired_announced',
        'behind_announced',
        'silent_announced',
    )
    # Columns written by reports, renewals and the sweep, not by users
    STATE_FIELDS = ('valid_to', 'issuance_since', 'behind_since', 'gone_since', *STATE_BOOKKEEPING)

    class Meta:
        abstract = True
