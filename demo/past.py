"""
Within NetBox: move what the demo has just imported to the time when it would have happened. Imports are about now; a
certificate that was renewed a month ago was also recorded then, and a host that is behind has been so for days.
"""

from datetime import timedelta

from django.db.models import F, Min, OuterRef, Subquery
from django.db.models.functions import Least

from demo.certificates import ENTRIES
from netbox_ssl.models import Certificate, CertificateSource, Issuance

__all__ = ('move_back',)

# Between the start of the validity and the report of a client
REPORTED_AFTER = timedelta(minutes=70)
BEHIND_FOR, SILENT_FOR = timedelta(days=12), timedelta(days=25)


def move_back():
    Issuance.objects.update(created=Least('created', F('valid_from') + REPORTED_AFTER))
    first = Issuance.objects.filter(certificate=OuterRef('pk')).order_by().values('certificate')
    first = first.annotate(first=Min('created')).values('first')
    Certificate.objects.filter(issuances__isnull=False).update(created=Least('created', Subquery(first)))
    CertificateSource.objects.filter(behind_since__isnull=False).update(
        behind_since=F('behind_since') - BEHIND_FOR, behind_scaled_at=F('behind_scaled_at') - BEHIND_FOR
    )
    for entry in ENTRIES:
        for host in entry.silent.split():
            sources = CertificateSource.objects.filter(external_id__startswith=f'{entry.client}:{host}:')
            sources.filter(certificate__name=entry.name).update(
                reported_at=F('reported_at') - SILENT_FOR, silent_scaled_at=F('silent_scaled_at') - SILENT_FOR
            )
