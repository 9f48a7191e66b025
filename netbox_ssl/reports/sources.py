"""The sources that need attention: behind (the host still has the old certificate) and silent."""

from django.db.models import F
from django.urls import reverse

from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.source_states import behind_q, silent_q

__all__ = ('sources_to_look_at',)

# Rows of each; the list has all of them.
SHOWN = 10


def sources_to_look_at(user, now, certificate=None) -> dict:
    """
    Return the first sources that are behind and silent at ``now``, their numbers, and the URLs of the lists of all; for
    one certificate, or for all that ``user`` may view.
    """
    sources = CertificateSource.objects.restrict(user, 'view').select_related('certificate')
    if certificate is not None:
        sources = sources.filter(certificate=certificate)
    else:
        # A source is shown with the name of its certificate.
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
    # Count, which is slower, only if there are more.
    count = sources.count() if len(rows) > SHOWN else len(rows)
    return {'rows': rows[:SHOWN], 'count': count, 'url': url}
