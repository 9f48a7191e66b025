"""What a certificate knows of its sources (``places/deployment.py`` for lists, and for what a user may view)."""

from datetime import datetime

from django.db import models
from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .source_states import FROM_BAD_TO_GOOD, severity_sql

__all__ = ('DeploymentMixin',)


class DeploymentMixin(models.Model):
    # Written when the last source moves to another certificate or is gone (models/source_reports.py)
    unreported_since = models.DateTimeField(
        verbose_name=_('unreported since'),
        blank=True,
        null=True,
        editable=False,
        help_text=_('Since when no source reports it that once did'),
    )

    class Meta:
        abstract = True

    @property
    def was_just_created_without_source(self) -> bool:
        """Return whether this import created it, and no source reported it."""
        return self.known_to_be_new and not self.reported_only

    def deployment_state_at(self, now: datetime) -> str | None:
        """Return the worst state of all its sources, whoever may view them; None if none counts."""
        if self._state.adding or self.known_to_be_new:
            return None
        worst = self.sources.filter(is_watched=True).aggregate(worst=Min(severity_sql(now)))['worst']
        return None if worst is None else FROM_BAD_TO_GOOD[worst]

    @property
    def deployment_state(self) -> str | None:
        return self.deployment_state_at(timezone.now())

    @deployment_state.setter
    def deployment_state(self, value):
        """
        Ignore the value. Change log data contains it, and NetBox sets every key of the data when it restores an object.
        """
