"""The sources that need attention: expired, behind (without the renewed certificate) and silent."""

from django.db.models import F
from django.urls import reverse

from netbox_ssl.choices import SourceStateChoices
from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.source_states import state_q

__all__ = ('problem_sources',)

# Rows per state; the list shows all of them
SHOWN = 10

# State → the column with the time since when
SINCE = {
    SourceStateChoices.EXPIRED: 'valid_to',
    SourceStateChoices.BEHIND: 'behind_since',
    SourceStateChoices.SILENT: 'reported_at',
}


def problem_sources(user, now, certificate=None) -> dict:
    """
    Return the first sources that are expired, behind and silent at ``now``, their numbers, and the URLs of the lists of
    all; for one certificate, or for all that ``user`` may view. A source is counted in one state only.
    """
    sources = CertificateSource.objects.restrict(user, 'view').select_related('certificate', 'issuance')
    sources = sources.defer(*(f'{name}__{pem}' for name in ('certificate', 'issuance') for pem in ('pem', 'chain_pem')))
    if certificate is not None:
        sources = sources.filter(certificate=certificate)
    else:
        # A source is shown with the name of its certificate.
        sources = sources.filter(certificate__in=Certificate.objects.restrict(user, 'view'))
    parts = {state: _some(sources.filter(state_q(state, now)), state) for state in SINCE}
    return {
        'any': any(part['count'] for part in parts.values()) or sources.exists(),
        'bad': sum(part['count'] for part in parts.values()),
        'connect_url': reverse('plugins:netbox_ssl:connect'),
        **parts,
    }


def _some(sources, state: str) -> dict:
    order = SINCE[state]
    rows = list(sources.annotate(since=F(order)).order_by(order, 'pk')[: SHOWN + 1])
    # Count, which is slower, only if there are more.
    count = sources.count() if len(rows) > SHOWN else len(rows)
    return {
        'rows': rows[:SHOWN],
        'count': count,
        'url': f'{reverse("plugins:netbox_ssl:certificatesource_list")}?state={state}',
    }
