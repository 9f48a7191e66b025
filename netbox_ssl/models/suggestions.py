from django.contrib.contenttypes.fields import GenericForeignKey
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from .assignments import ASSIGNABLE_MODELS, CertificateAssignment, CertificateAssignmentQuerySet, of_model, seen_by
from .name_lookups import OneOf

__all__ = ('AssignmentSuggestion',)

MAY_ASSIGN = 'netbox_ssl.add_certificateassignment'


class AssignmentSuggestionQuerySet(CertificateAssignmentQuerySet):
    def restrict(self, user, action='view'):
        """
        Return the suggestions whose certificate and object the user may view, if the user may add assignments. The
        action does not matter, because suggestions can only be accepted.
        """
        return self.filter(seen_by(user)) if user.has_perm(MAY_ASSIGN) else self.none()

    def open(self):
        """Return the suggestions to decide on: those that apply and were not dismissed."""
        return self.applicable().filter(dismissed_at__isnull=True)

    def dismissed(self):
        """Return the dismissed suggestions that still apply."""
        return self.applicable().filter(dismissed_at__isnull=False)

    def applicable(self):
        """Leave out suggestions whose object was assigned or deleted, or whose certificate no longer has the name."""
        exists = Q()
        for model in ASSIGNABLE_MODELS:
            exists |= of_model(model) & Q(assigned_object_id__in=model.objects.values('pk'))
        assigned = CertificateAssignment.objects.filter(
            certificate=OuterRef('certificate'),
            assigned_object_type=OuterRef('assigned_object_type'),
            assigned_object_id=OuterRef('assigned_object_id'),
        )
        carried = OneOf(F('name'), F('certificate__subject_alt_names'))
        return self.filter(exists, ~Exists(assigned), carried)


class AssignmentSuggestion(models.Model):
    """
    A certificate and an object with the same name: it may be in use there, and a person decides. A background job finds
    suggestions in the whole inventory and updates them (places/suggestions.py).
    """

    # Excluded from permissions, event rules and other features for objects
    _netbox_private = True

    certificate = models.ForeignKey(
        to='netbox_ssl.Certificate',
        on_delete=models.CASCADE,
        related_name='+',
    )
    assigned_object_type = models.ForeignKey(
        to='contenttypes.ContentType',
        on_delete=models.CASCADE,
        related_name='+',
        verbose_name=_('object type'),
    )
    assigned_object_id = models.PositiveBigIntegerField(
        verbose_name=_('object ID'),
    )
    assigned_object = GenericForeignKey(
        ct_field='assigned_object_type',
        fk_field='assigned_object_id',
    )
    name = models.TextField(
        verbose_name=_('name'),
    )
    # A person decided against it: it is kept, so that the next scan does not suggest it again.
    dismissed_at = models.DateTimeField(
        verbose_name=_('dismissed'),
        blank=True,
        null=True,
    )

    objects = AssignmentSuggestionQuerySet.as_manager()

    class Meta:
        ordering = ('certificate', 'pk')
        verbose_name = _('suggested assignment')
        verbose_name_plural = _('suggested assignments')
        constraints = (
            models.UniqueConstraint(
                fields=('assigned_object_type', 'assigned_object_id', 'certificate'),
                name='%(app_label)s_%(class)s_unique',
            ),
        )

    def __str__(self):
        return f'{self.certificate} → {self.assigned_object}'
