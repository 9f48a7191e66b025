"""The sources that ask for attention: behind (renewed, but the old one is in use) and silent."""

from django.db.models import F
from django.urls import reverse

from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.source_states import behind_q, silent_q

__all__ = ('sources_to_look_at',)

# Of each; the list has all.
SHOWN = 10


def sources_to_look_at(user, now, certificate=None) -> dict:
    """
    The first sources that are behind and silent at ``now``, how many there are, and where the list has them all; of one
    certificate, or of all that ``user`` may see.
    """
    sources = CertificateSource.objects.restrict(user, 'view').select_related('certificate')
    if certificate is not None:
        sources = sources.filter(certificate=certificate)
    else:
        # It is shown with the name of its certificate.
        sources = sources.filter(certificate__in=Certificate.objects.restrict(user, 'view'))
    list_url = reverse('plugins:netbox_ssl:certificatesource_list')
    return {
        'any': sources.exists(),
        'connect_url': reverse('plugins:netbox_ssl:connect'),
        'behind': _some(sources.filter(behind_q(now)), 'behind_since', f'{list_url}?behind=true'),
        'silent': _some(sources.filter(silent_q(now)), 'reported_at', f'{list_url}?silent=true'),
    }


def _some(sources, order: str, url: str) -> dict:
    rows = list(sources.annotate(since=F(order)).order_by(order, 'pk')[: SHOWN + 1])
    # Counting is slower than looking: only where there are more.
    count = sources.count() if len(rows) > SHOWN else len(rows)
    return {'rows': rows[:SHOWN], 'count': count, 'url': url}
