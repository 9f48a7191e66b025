"""The endpoints that need attention, and how many are in each state."""

from datetime import datetime

from django.db.models import Count, Q, QuerySet, Value
from django.urls import reverse

from netbox_ssl.choices import EndpointStateChoices
from netbox_ssl.models import Endpoint
from netbox_ssl.models.mixins.endpoint_states import (
    BAD_ENDPOINT_STATES,
    bad_endpoint_q,
    endpoint_severity_sql,
    endpoint_state_q,
)

__all__ = ('endpoint_counts', 'endpoints_named', 'problem_endpoints')

# Rows shown; the list shows all of them
SHOWN = 10


def problem_endpoints(user, now: datetime) -> dict:
    """Return the first endpoints that need attention at ``now``, the worst first, and their number, for ``user``."""
    endpoints = Endpoint.objects.restrict(user, 'view')
    bad = endpoints.filter(bad_endpoint_q(now))
    worst = bad.annotate(severity=endpoint_severity_sql(now)).order_by('severity', 'result_since', 'pk')
    rows = list(worst.with_sources()[: SHOWN + 1])
    # Count, which is slower, only if there are more.
    count = bad.count() if len(rows) > SHOWN else len(rows)
    list_url = reverse('plugins:netbox_ssl:endpoint_list')
    return {
        'rows': rows[:SHOWN],
        'count': count,
        'any': bool(rows) or endpoints.exists(),
        'url': f'{list_url}?problem=true',
        'list_url': list_url,
    }


def endpoint_counts(endpoints: QuerySet, now: datetime) -> dict[str, int]:
    """Return state → number of ``endpoints`` (without an order), also where it is zero."""
    states = EndpointStateChoices.values()
    # The names of states are not names of columns.
    counts = {f'in_{state}': Count(Value(1), filter=endpoint_state_q(state, now)) for state in states}
    found = endpoints.aggregate(**counts)
    return {state: found[f'in_{state}'] for state in states}


def endpoints_named(name: str, user, now: datetime) -> dict:
    """Return the endpoints that serve a certificate for ``name``, the worst first, that ``user`` may view."""
    own = Q(server_name=name) | Q(server_name='', address=name)
    found = Endpoint.objects.restrict(user, 'view').filter(own)
    rows = list(found.annotate(severity=endpoint_severity_sql(now)).order_by('severity', 'pk').with_sources()[:SHOWN])
    return {
        'rows': rows,
        'is_bad': any(row.state_at(now) in BAD_ENDPOINT_STATES for row in rows),
        'more': found.count() - len(rows) if len(rows) == SHOWN else 0,
        'url': reverse('plugins:netbox_ssl:endpoint_list'),
    }
