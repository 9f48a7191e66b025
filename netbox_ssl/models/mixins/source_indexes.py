"""Indexes and constraints for the states of sources (``source_states.py``)."""

from django.db import models
from django.db.models import Q

__all__ = (
    'BEHIND_UNANNOUNCED',
    'EXPIRED_UNANNOUNCED',
    'SILENT_UNANNOUNCED',
    'STATE_CONSTRAINTS',
    'STATE_INDEXES',
)

WATCHED = Q(is_watched=True)

# Conditions of the partial indexes that the sweep of sources reads; the sweep must use exactly the same conditions.
EXPIRED_UNANNOUNCED = WATCHED & Q(expired_announced=False)
BEHIND_UNANNOUNCED = WATCHED & Q(behind_since__isnull=False, behind_announced=False)
SILENT_UNANNOUNCED = WATCHED & Q(silent_announced=False)

STATE_INDEXES = (
    models.Index(fields=('valid_to', 'id'), condition=EXPIRED_UNANNOUNCED, name='netbox_ssl_source_expired'),
    models.Index(fields=('behind_since', 'id'), condition=BEHIND_UNANNOUNCED, name='netbox_ssl_source_behind'),
    models.Index(fields=('behind_scaled_at', 'id'), condition=BEHIND_UNANNOUNCED, name='netbox_ssl_src_behind_scaled'),
    models.Index(fields=('reported_at', 'id'), condition=SILENT_UNANNOUNCED, name='netbox_ssl_source_silent'),
    models.Index(fields=('silent_scaled_at', 'id'), condition=SILENT_UNANNOUNCED, name='netbox_ssl_src_silent_scaled'),
    # For lists
    models.Index(fields=('valid_to',), name='netbox_ssl_source_valid_to'),
    models.Index(fields=('behind_since',), condition=Q(behind_since__isnull=False), name='netbox_ssl_source_behinds'),
    models.Index(fields=('behind_scaled_at',), condition=WATCHED, name='netbox_ssl_src_behinds_scaled'),
    models.Index(fields=('reported_at',), name='netbox_ssl_source_reported'),
    models.Index(fields=('silent_scaled_at',), condition=WATCHED, name='netbox_ssl_src_silents_scaled'),
    models.Index(fields=('gone_since',), condition=Q(gone_since__isnull=False), name='netbox_ssl_source_gone'),
)

# Invariants that the rules of ``source_states.py`` and hand-written SQL rely on
STATE_CONSTRAINTS = (
    models.CheckConstraint(
        name='netbox_ssl_source_watched_has_moments',
        condition=Q(is_watched=False)
        | Q(reported_at__isnull=False, valid_to__isnull=False, silent_scaled_at__isnull=False, gone_since__isnull=True),
    ),
    models.CheckConstraint(
        name='netbox_ssl_source_behind_has_moments',
        condition=Q(behind_since__isnull=True, behind_scaled_at__isnull=True)
        | Q(behind_since__isnull=False, behind_scaled_at__isnull=False),
    ),
)
