"""Indexes and constraints of sources, most of them for their states (``source_states.py``)."""

from django.db import models
from django.db.models import Q

__all__ = (
    'BEHIND_UNANNOUNCED',
    'EXPIRED_UNANNOUNCED',
    'SILENT_UNANNOUNCED',
    'SOURCE_CONSTRAINTS',
    'SOURCE_INDEXES',
)

WATCHED = Q(is_watched=True)
BEHIND = WATCHED & Q(behind_since__isnull=False)

# Conditions of the partial indexes that the sweep of sources reads, which must use exactly the same conditions: what
# has not been announced. Lists read the others as well. There is deliberately no index over both: the planner would
# choose it for the sweep, too, and read everything that has been announced again and again.
EXPIRED_UNANNOUNCED = WATCHED & Q(expired_announced=False)
BEHIND_UNANNOUNCED = BEHIND & Q(behind_announced=False)
SILENT_UNANNOUNCED = WATCHED & Q(silent_announced=False)
EXPIRED_ANNOUNCED = WATCHED & Q(expired_announced=True)
BEHIND_ANNOUNCED = BEHIND & Q(behind_announced=True)
SILENT_ANNOUNCED = WATCHED & Q(silent_announced=True)

SOURCE_INDEXES = (
    # For the sources of a machine under its former names
    models.Index(fields=('machine_id',), condition=~Q(machine_id=''), name='netbox_ssl_source_machine'),
    models.Index(fields=('valid_to', 'id'), condition=EXPIRED_UNANNOUNCED, name='netbox_ssl_source_expired'),
    models.Index(fields=('behind_since', 'id'), condition=BEHIND_UNANNOUNCED, name='netbox_ssl_source_behind'),
    models.Index(fields=('behind_scaled_at', 'id'), condition=BEHIND_UNANNOUNCED, name='netbox_ssl_src_behind_scaled'),
    models.Index(fields=('reported_at', 'id'), condition=SILENT_UNANNOUNCED, name='netbox_ssl_source_silent'),
    models.Index(fields=('silent_scaled_at', 'id'), condition=SILENT_UNANNOUNCED, name='netbox_ssl_src_silent_scaled'),
    models.Index(fields=('valid_to',), condition=EXPIRED_ANNOUNCED, name='netbox_ssl_src_expired_2'),
    models.Index(fields=('behind_since',), condition=BEHIND_ANNOUNCED, name='netbox_ssl_src_behind_2'),
    models.Index(fields=('behind_scaled_at',), condition=BEHIND_ANNOUNCED, name='netbox_ssl_src_behind_scaled_2'),
    models.Index(fields=('reported_at',), condition=SILENT_ANNOUNCED, name='netbox_ssl_src_silent_2'),
    models.Index(fields=('silent_scaled_at',), condition=SILENT_ANNOUNCED, name='netbox_ssl_src_silent_scaled_2'),
    models.Index(fields=('gone_since',), condition=Q(gone_since__isnull=False), name='netbox_ssl_source_gone'),
)

# Invariants that the rules of ``source_states.py`` and hand-written SQL rely on
SOURCE_CONSTRAINTS = (
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
