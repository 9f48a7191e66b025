from dcim.models import Device, Interface
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.prefetch import GenericPrefetch
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Prefetch, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from ipam.models import FHRPGroup, IPAddress, Service
from netbox.models import NetBoxModel
from utilities.querysets import RestrictedQuerySet
from virtualization.models import VirtualMachine, VMInterface

from netbox_ssl import settings

from .mixins.documentation import DocumentedMixin

__all__ = ('ASSIGNABLE', 'ASSIGNABLE_MODELS', 'CertificateAssignment', 'host_of', 'place_prefetch', 'tenant_of')

# Model that a certificate can be assigned to → name of the filter for its objects
ASSIGNABLE_MODELS = {
    Device: 'device',
    VirtualMachine: 'virtual_machine',
    Service: 'service',
    IPAddress: 'ip_address',
}
ASSIGNABLE = Q()
for _model in ASSIGNABLE_MODELS:
    ASSIGNABLE |= Q(app_label=_model._meta.app_label, model=_model._meta.model_name)

TENANTS_DIFFER = _('The certificate and {object} belong to different tenants.')


def tenant_of(place):
    """Return the ID of the tenant of an assignable object, or None. A service has the tenant of its parent."""
    return getattr(place.parent if isinstance(place, Service) else place, 'tenant_id', None)


def of_model(model) -> Q:
    """Select the assignments to objects of this model."""
    return Q(assigned_object_type=ContentType.objects.get_for_model(model))


def seen_by(user) -> Q:
    """Return a condition for assignments whose certificate and object ``user`` may view; empty if they may view all."""
    certificates = CertificateAssignment._meta.get_field('certificate').related_model.objects.restrict(user, 'view')
    certificate = Q(certificate__in=certificates.values('pk')) if certificates.query.where else Q()
    places = {model: model.objects.restrict(user, 'view') for model in ASSIGNABLE_MODELS}
    if not any(visible.query.where for visible in places.values()):
        return certificate
    place = Q()
    for model, visible in places.items():
        of_type = of_model(model)
        place |= of_type & Q(assigned_object_id__in=visible.values('pk')) if visible.query.where else of_type
    return certificate & place


def host_of(place):
    """Return the device or virtual machine of a service or IP address; None for other objects and for FHRP groups."""
    if isinstance(place, Service):
        host = place.parent
    elif isinstance(place, IPAddress):
        interface = place.assigned_object
        host = getattr(interface, 'device', None) or getattr(interface, 'virtual_machine', None)
    else:
        return None
    return host if isinstance(host, Device | VirtualMachine) else None


def _lean(queryset):
    """Leave out the large columns of hosts that are not shown with a certificate."""
    return queryset.defer('comments', 'local_context_data', '_config_context_data')


def _seen(queryset, user):
    return queryset if user is None else queryset.restrict(user, 'view')


def place_prefetch(user=None) -> GenericPrefetch:
    """
    Return a prefetch of assigned objects, with the relations for their names, tenants and hosts. Objects and hosts that
    ``user`` may not view are left out; None: no restriction.
    """
    devices = _seen(_lean(Device.objects.select_related('site', 'device_type__manufacturer')), user)
    machines = _seen(_lean(VirtualMachine.objects.select_related('site')), user)
    groups = FHRPGroup.objects.all()
    interfaces = [
        Interface.objects.prefetch_related(Prefetch('device', devices)),
        VMInterface.objects.prefetch_related(Prefetch('virtual_machine', machines)),
        groups,
    ]
    places = [
        devices,
        machines,
        _seen(Service.objects.prefetch_related(GenericPrefetch('parent', [devices, machines, groups])), user),
        _seen(IPAddress.objects.prefetch_related(GenericPrefetch('assigned_object', interfaces)), user),
    ]
    return GenericPrefetch('assigned_object', places)


class CertificateAssignmentQuerySet(RestrictedQuerySet):
    def restrict(self, user, action='view'):
        """
        Return only assignments whose certificate and object the user may view as well, because an assignment shows
        both. So no list, count, panel, filter or form reveals an object that the user may not view.
        """
        return super().restrict(user, action).filter(seen_by(user))

    def with_places(self, user=None):
        """
        Read the certificates and the assigned objects, with the relations for their names and tenants, in a constant
        number of queries. Hosts that ``user`` may not view are left out; None: no restriction.
        """
        # Leave out large columns that are not shown with an assignment.
        large = ('certificate__pem', 'certificate__chain_pem', 'certificate__subject_alt_names')
        return self.with_hosts(user).select_related('certificate').defer(*large)

    def with_hosts(self, user=None):
        """Read the assigned objects as ``with_places()`` does, without the certificates."""
        return self.select_related('assigned_object_type').prefetch_related(place_prefetch(user))


class CertificateAssignment(DocumentedMixin, NetBoxModel):
    """A Certificate in use on a device, a virtual machine, an application service, or an IP address."""

    certificate = models.ForeignKey(
        to='netbox_ssl.Certificate',
        on_delete=models.CASCADE,
        related_name='assignments',
    )
    assigned_object_type = models.ForeignKey(
        to='contenttypes.ContentType',
        on_delete=models.PROTECT,
        related_name='+',
        verbose_name=_('object type'),
        limit_choices_to=ASSIGNABLE,
    )
    assigned_object_id = models.PositiveBigIntegerField(
        verbose_name=_('object ID'),
    )
    assigned_object = GenericForeignKey(
        ct_field='assigned_object_type',
        fk_field='assigned_object_id',
    )
    primary = models.BooleanField(
        verbose_name=_('primary'),
        default=False,
        help_text=_('The main certificate of the object, for example the one for clients without SNI'),
    )
    note = models.CharField(
        verbose_name=_('note'),
        max_length=200,
        blank=True,
        help_text=_('Where on the object, for example a port or a path'),
    )

    objects = CertificateAssignmentQuerySet.as_manager()

    clone_fields = ('certificate', 'note')
    prerequisite_models = ('netbox_ssl.Certificate',)

    DOCUMENTATION = 'reference/assignment'

    class Meta:
        ordering = ('certificate', 'pk')
        verbose_name = _('certificate assignment')
        verbose_name_plural = _('certificate assignments')
        constraints = (
            # Also serves as the index by object; the foreign key has the index by certificate.
            models.UniqueConstraint(
                fields=('assigned_object_type', 'assigned_object_id', 'certificate'),
                name='%(app_label)s_%(class)s_unique',
                violation_error_message=_('The certificate is already assigned to this object.'),
            ),
            models.UniqueConstraint(
                fields=('assigned_object_type', 'assigned_object_id'),
                condition=Q(primary=True),
                name='%(app_label)s_%(class)s_primary',
                # Whether the user may view that other assignment is not known here.
                violation_error_message=_(
                    'This cannot be the primary certificate of the object. If another one is, unset that one first; '
                    'otherwise ask an administrator.'
                ),
            ),
        )

    def __str__(self):
        return f'{self.certificate} → {self.assigned_object}'

    def get_absolute_url(self):
        return reverse('plugins:netbox_ssl:certificateassignment', args=[self.pk])

    def clean(self):
        super().clean()
        if self.assigned_object_type_id and self.assigned_object_id is not None:
            self._check_assigned_object()

    def _check_assigned_object(self) -> None:
        if self.assigned_object_type.model_class() not in ASSIGNABLE_MODELS:
            raise ValidationError(
                {
                    'assigned_object_type': _(
                        'Certificates can only be assigned to devices, virtual machines, application services and '
                        'IP addresses.'
                    )
                }
            )
        if settings.refuse_tenant_mismatch() and self.tenants_differ:
            raise ValidationError(
                f'{self._tenants_message} '
                + _('This NetBox does not allow that (setting refuse_tenant_mismatch). Change one of the tenants.')
            )

    @property
    def host(self):
        """Return the device or virtual machine of a service or address; also for export templates and custom links."""
        return host_of(self.assigned_object)

    @property
    def tenants_differ(self) -> bool:
        """Return whether certificate and object have different tenants."""
        ours = self.certificate.tenant_id if self.certificate_id else None
        return None not in (ours, theirs := tenant_of(self.assigned_object)) and ours != theirs

    @property
    def _tenants_message(self) -> str:
        return TENANTS_DIFFER.format(object=self.assigned_object)

    def get_warnings(self) -> list[str]:
        """Return warnings about values that are accepted but probably not intended, one sentence each."""
        return [self._tenants_message] if self.tenants_differ else []

    def to_objectchange(self, action):
        # Also listed among the changes of the certificate
        change = super().to_objectchange(action)
        change.related_object = self.certificate
        return change


# The other side of the generic foreign key: deleting an object deletes its assignments, each with an entry in the
# change log, and the confirmation page lists them.
for _model, _name in ASSIGNABLE_MODELS.items():
    GenericRelation(
        to=CertificateAssignment,
        content_type_field='assigned_object_type',
        object_id_field='assigned_object_id',
        related_query_name=_name,
    ).contribute_to_class(_model, 'certificate_assignments')
