"""Within NetBox: store renewal information as if received from CAs. The demo makes no requests to them."""

from datetime import timedelta

# The CA of one moved the window to now, as before a mass revocation; the CA of the other did not answer.
MOVED = 'api.example.net'
SILENT = 'cdn.example.net'
# They offer renewal information to all clients.
PROVIDERS = ("Let's Encrypt", 'Google Trust Services')
WHY = 'https://www.example.com/incidents/keys-to-be-revoked'


def store():
    from django.utils import timezone

    from netbox_ssl.acme.renewal_info import LONG_TERM, Window
    from netbox_ssl.ari.fetching import Outcome, Query
    from netbox_ssl.ari.polling import record
    from netbox_ssl.models import Certificate

    now = timezone.now()

    def answered(certificate, window=None, **more):
        query = Query(certificate.pk, certificate.ari_cert_id, '')
        return Outcome(query, now + LONG_TERM, now, window, **more)

    outcomes = []
    included = Certificate.objects.filter(status='active', is_acme=True, acme_provider__in=PROVIDERS, valid_to__gt=now)
    for certificate in included.exclude(ari_cert_id=''):
        if certificate.name == SILENT:
            outcomes.append(answered(certificate, error='The CA did not answer in time.', failures=3))
        else:
            # Without a window the lifetime decides, as for most CAs.
            outcomes.append(answered(certificate, Window(certificate.due_at(), certificate.overdue_at())))
    record(outcomes)
    sooner = Window(now - timedelta(hours=1), now + timedelta(hours=23), WHY)
    record([answered(certificate, sooner) for certificate in included.filter(name=MOVED)])
