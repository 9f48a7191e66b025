"""
The state of an endpoint: the result of its last check, as far as it still holds.

An *OK* ends without a further check when the certificate that was seen expires, when it is renewed and the endpoint
still serves the previous one, and when no check has been reported for too long. A problem only ends with a check.
"""

from datetime import datetime

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Case, F, Func, Q, Value, When
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from netbox_ssl.choices import EndpointResultChoices, EndpointStateChoices, SourceStateChoices
from netbox_ssl.expiry.validity import days_left

from .source_states import silent_until, state_q, watched_state_conditions

__all__ = (
    'BAD_ENDPOINT_STATES',
    'ENDPOINT_INDEXES',
    'ENDPOINT_UNANNOUNCED',
    'EndpointStatesMixin',
    'bad_endpoint_q',
    'endpoint_severity_sql',
    'endpoint_state_q',
    'endpoint_state_sql',
)

# From bad to good
BAD_ENDPOINT_STATES = tuple(
    state
    for state in EndpointStateChoices.values()
    if state not in (EndpointStateChoices.OK, EndpointStateChoices.UNCHECKED)
)

# State of the source of an endpoint → state of the endpoint if the result of its last check is OK; from bad to good
OF_SOURCE = {
    SourceStateChoices.EXPIRED: EndpointStateChoices.EXPIRED,
    SourceStateChoices.BEHIND: EndpointStateChoices.BEHIND,
    SourceStateChoices.SILENT: EndpointStateChoices.SILENT,
}

# Condition of the partial index that the sweep reads
ENDPOINT_UNANNOUNCED = Q(unannounced_since__isnull=False)

ENDPOINT_INDEXES = (
    models.Index(fields=('assigned_object_type', 'assigned_object_id'), name='netbox_ssl_endpoint_object'),
    models.Index(fields=('server_name',), name='netbox_ssl_endpoint_name'),
    models.Index(fields=('result',), name='netbox_ssl_endpoint_result'),
    models.Index(fields=('silent_at',), name='netbox_ssl_endpoint_silent'),
    models.Index(
        fields=('unannounced_since', 'id'), condition=ENDPOINT_UNANNOUNCED, name='netbox_ssl_endpoint_changed'
    ),
)


def _unheard_q(now: datetime, prefix: str) -> Q:
    if (until := silent_until(now)) is None:
        return Q((f'{prefix}pk__in', ()))
    return Q((f'{prefix}silent_at__lt', now)) | Q((f'{prefix}checked_at__lt', until))


def _source_q(state: str, now: datetime, prefix: str) -> Q:
    """Select the endpoints whose source is in ``state``; in a subquery, which uses the index of the state."""
    sources = apps.get_model('netbox_ssl', 'CertificateSource').objects.filter(state_q(state, now)).order_by()
    return Q((f'{prefix}source__in', sources.values('pk')))


def endpoint_state_q(state: str, now: datetime, prefix: str = '') -> Q:
    """
    Select the endpoints in ``state``, one of ``EndpointStateChoices``. Python twin: ``state_at``.

    Args:
        prefix: a lookup path that ends in ``__``, or empty
    """
    if state == EndpointStateChoices.UNCHECKED:
        return Q((f'{prefix}result', ''))
    found = Q((f'{prefix}result', EndpointResultChoices.OK))
    # The condition of each state, without those that are worse
    ended = {own: _source_q(of_source, now, prefix) for of_source, own in OF_SOURCE.items()}
    ended[EndpointStateChoices.SILENT] |= _unheard_q(now, prefix)
    for own, condition in ended.items():
        if own == state:
            found &= condition
            break
        found &= ~condition
    if state in (EndpointStateChoices.OK, EndpointStateChoices.BEHIND, EndpointStateChoices.SILENT):
        return found
    result = Q((f'{prefix}result', state))
    return result | found if state in ended else result


def bad_endpoint_q(now: datetime, prefix: str = '') -> Q:
    """Select the endpoints whose state is one of ``BAD_ENDPOINT_STATES``."""
    good = endpoint_state_q(EndpointStateChoices.OK, now, prefix)
    return ~(good | endpoint_state_q(EndpointStateChoices.UNCHECKED, now, prefix))


def endpoint_state_sql(now: datetime, prefix: str = '') -> Case:
    """Return the state as an expression. To filter, ``endpoint_state_q()`` is faster."""
    of_source = watched_state_conditions(now, f'{prefix}source__')
    # The first condition that is met decides.
    return Case(
        When(Q((f'{prefix}result', '')), then=Value(EndpointStateChoices.UNCHECKED)),
        When(~Q((f'{prefix}result', EndpointResultChoices.OK)), then=F(f'{prefix}result')),
        *(When(of_source[state], then=Value(own)) for state, own in OF_SOURCE.items()),
        When(_unheard_q(now, prefix), then=Value(EndpointStateChoices.SILENT)),
        default=Value(EndpointStateChoices.OK),
        output_field=models.TextField(),
    )


def endpoint_severity_sql(now: datetime, prefix: str = '') -> Func:
    """Return the position of the state in ``EndpointStateChoices``, the worst first, as an expression."""
    states = Value(EndpointStateChoices.values(), output_field=ArrayField(models.TextField()))
    state = Cast(endpoint_state_sql(now, prefix), models.TextField())
    return Func(
        states, state, template='(ARRAY_POSITION(%(expressions)s) - 1)', output_field=models.SmallIntegerField()
    )


class EndpointStatesMixin(models.Model):
    # Reports of the certificate that it serves, under the same external ID
    source = models.OneToOneField(
        to='netbox_ssl.CertificateSource',
        on_delete=models.SET_NULL,
        related_name='endpoint',
        blank=True,
        null=True,
        editable=False,
    )
    # Empty until the first check
    result = models.CharField(
        verbose_name=_('result'),
        max_length=20,
        choices=EndpointResultChoices,
        blank=True,
        editable=False,
        help_text=_('Result of the last check'),
    )
    # What the monitor reported, before it was compared with the expected certificate
    reported_result = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
    )
    result_detail = models.CharField(
        verbose_name=_('detail'),
        max_length=500,
        blank=True,
        editable=False,
        help_text=_('Message of the last check'),
    )
    result_since = models.DateTimeField(
        verbose_name=_('since'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('Since when it has had this result'),
    )
    checked_at = models.DateTimeField(
        verbose_name=_('last check'),
        blank=True,
        null=True,
        editable=False,
    )
    checked_by = models.CharField(
        verbose_name=_('checked by'),
        max_length=100,
        blank=True,
        editable=False,
        help_text=_('The monitor that checked it last'),
    )
    # The machine of that monitor
    machine_id = models.CharField(
        max_length=64,
        blank=True,
        editable=False,
    )
    silent_at = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )
    # Checks in a row with this result, and with this outcome: OK, or a problem of any kind
    result_checks = models.PositiveIntegerField(
        default=0,
        editable=False,
    )
    outcome_checks = models.PositiveIntegerField(
        default=0,
        editable=False,
    )
    # The result that was announced last, and since when another one is to be announced
    # (announcements/sweep/endpoints.py)
    announced_result = models.CharField(
        max_length=20,
        blank=True,
        editable=False,
    )
    unannounced_since = models.DateTimeField(
        blank=True,
        null=True,
        editable=False,
    )

    # Columns that are not shown
    STATE_BOOKKEEPING = (
        'reported_result',
        'machine_id',
        'silent_at',
        'result_checks',
        'outcome_checks',
        'announced_result',
        'unannounced_since',
    )
    # Columns written by the results of checks and by the sweep
    STATE_FIELDS = (
        'source',
        'result',
        'result_detail',
        'result_since',
        'checked_at',
        'checked_by',
        *STATE_BOOKKEEPING,
    )

    class Meta:
        abstract = True

    def is_unheard_at(self, now: datetime) -> bool:
        """Return whether no check was reported for too long."""
        if self.checked_at is None or (until := silent_until(now)) is None:
            return False
        return self.silent_at < now or self.checked_at < until

    def state_at(self, now: datetime) -> str:
        """Return one of ``EndpointStateChoices``. SQL twin: ``endpoint_state_q``."""
        if self.result != EndpointResultChoices.OK:
            return self.result or EndpointStateChoices.UNCHECKED
        of_source = self.source.state_at(now) if self.source else None
        if of_source in OF_SOURCE:
            return OF_SOURCE[of_source]
        return EndpointStateChoices.SILENT if self.is_unheard_at(now) else EndpointStateChoices.OK

    def state_since_at(self, now: datetime) -> datetime | None:
        """Return since when it has been in its state at ``now``; for *silent*, the time of its last check."""
        state = self.state_at(now)
        if state == self.result:
            return self.result_since
        if state == EndpointStateChoices.SILENT:
            return self.checked_at
        return self.source.state_since_at(now) if self.source else None

    @property
    def state(self) -> str:
        """Return one of ``EndpointStateChoices``, as of now."""
        return self.state_at(timezone.now())

    @property
    def state_since(self) -> datetime | None:
        return self.state_since_at(timezone.now())

    @property
    def is_bad(self) -> bool:
        """Return whether its state needs attention."""
        return self.state in BAD_ENDPOINT_STATES

    def get_state_display(self):
        return dict(EndpointStateChoices)[self.state]

    def get_state_color(self):
        return EndpointStateChoices.colors[self.state]

    def get_result_color(self):
        return EndpointResultChoices.colors.get(self.result)

    @property
    def valid_to(self) -> datetime | None:
        """Return when the certificate that was seen last expires."""
        return self.source.valid_to if self.source else None

    @property
    def days_left(self) -> int | None:
        """Return the whole days until then, rounded down; negative after expiry, None if none was seen."""
        return None if self.valid_to is None else days_left(self.valid_to, timezone.now())
