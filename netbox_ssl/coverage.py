"""*Is www.example.com fine?* Which certificates cover a name, and what they amount to."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.db.models import Count, Min, Prefetch, Q
from django.utils.translation import gettext_lazy as _
from utilities.choices import Choice, ChoiceSet

from .choices import CertificateStatusChoices
from .models import Certificate, CertificateSource
from .models.names import covering_q

__all__ = ('Answer', 'StandingChoices', 'answer', 'covering', 'standing')


class StandingChoices(ChoiceSet):
    """What a certificate, or all that cover a name, amount to. From good to bad."""

    FINE = 'fine'
    DUE = 'due'
    OVERDUE = 'overdue'
    EXPIRED = 'expired'
    NOTHING = 'nothing'

    CHOICES = (
        Choice(FINE, _('Fine'), color='green'),
        Choice(DUE, _('Due'), color='yellow'),
        Choice(OVERDUE, _('Overdue'), color='orange'),
        Choice(EXPIRED, _('Expired'), color='red'),
        Choice(NOTHING, _('Not covered'), color='gray'),
    )
