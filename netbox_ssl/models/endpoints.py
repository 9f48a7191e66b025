"""Endpoints: addresses at which monitors look which certificate visitors get."""

import re

from django.contrib.contenttypes.fields import GenericForeignKey
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router, transaction
from django.db.models.signals import pre_delete
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.models import PrimaryModel

from netbox_ssl.branching import ReplayedMixin
from netbox_ssl.choices import STARTTLSChoices
from netbox_ssl.x509 import canonical_address, canonical_host

from .assignments import ASSIGNABLE, ASSIGNABLE_MODELS, place_prefetch
from .mixins.bookkeeping import BookkeepingMixin
from .mixins.documentation import DocumentedMixin
from .mixins.endpoint_results import EndpointResultsMixin
from .mixins.endpoint_states import ENDPOINT_INDEXES
from .mixins.moments import day_display
from .mixins.yaml_export import EndpointYAMLMixin
from .visibility import RelatedVisibilityQuerySet, is_visible

__all__ = ('Endpoint', 'canonical_endpoint_host', 'endpoint_label')

DEFAULT_PORT = 443
MAX_PORT = 65535
# No top-level domain is a number, and programs read such a name as an address.
NUMBER = re.compile(r'[0-9]+|0x[0-9a-f]*')
# A month
MAX_INTERVAL = 31 * 24 * 60


def canonical_endpoint_host(text: str) -> str:
    """
    Return a host name, or an IP address with or without brackets, in its canonical form; '' if it is neither, such as
    ``256.1.1.1``, which a monitor would take for an address.
    """
    bare = text.strip()
    is_bracketed = bare.startswith('[') and bare.endswith(']')
    address = canonical_address(bare[1:-1] if is_bracketed else bare)
    if address or is_bracketed:
        # A zone, as in fe80::1%eth0, has a meaning on one host only.
        return '' if '%' in address else address
    name = canonical_host(bare)
    return '' if name.startswith('*') or NUMBER.fullmatch(name.rpartition('.')[2]) else name


def endpoint_label(address: str, port: int, server_name: str) -> str:
    """Return ``address:port``, and the server name if it differs: the lineage of the external ID of its source."""
    host = f'[{address}]' if ':' in address else address
    return f'{host}:{port}/{server_name}' if server_name else f'{host}:{port}'


class EndpointQuerySet(RelatedVisibilityQuerySet):
    RELATED = {
        'expected_certificate': 'netbox_ssl.Certificate',
        'source': 'netbox_ssl.CertificateSource',
        'source__issuance__certificate': 'netbox_ssl.Certificate',
    }

    def with_sources(self):
        """Read what the state depends on, and the certificates that are shown with an endpoint."""
        certificates = ('expected_certificate', 'source__issuance__certificate')
        large = ('pem', 'chain_pem', 'subject_alt_names')
        return self.select_related('source__issuance', *certificates).defer(
            *(f'{path}__{column}' for path in (*certificates, 'source__issuance') for column in large)
        )

    def with_places(self, user=None):
        """Read the objects that serve them, those that ``user`` may view; None: no restriction."""
        return self.select_related('assigned_object_type').prefetch_related(place_prefetch(user))


class Endpoint(
    DocumentedMixin,
    ReplayedMixin,
    EndpointResultsMixin,
    EndpointYAMLMixin,
    BookkeepingMixin,
    PrimaryModel,
):
    """An address and a port at which a monitor looks which certificate visitors get."""

    address = models.CharField(
        verbose_name=_('address'),
        max_length=253,
        help_text=_('Host name or IP address to connect to'),
    )
    port = models.PositiveIntegerField(
        verbose_name=_('port'),
        default=DEFAULT_PORT,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_PORT)],
    )
    server_name = models.CharField(
        verbose_name=_('server name'),
        max_length=253,
        blank=True,
        help_text=_('Name to request (SNI) and to find in the certificate; empty if it is the address'),
    )
    starttls = models.CharField(
        verbose_name=_('STARTTLS'),
        max_length=20,
        choices=STARTTLSChoices,
        blank=True,
        help_text=_('Protocol that starts in plain text; empty for TLS from the start'),
    )
    ca_file = models.CharField(
        verbose_name=_('CA file'),
        max_length=500,
        blank=True,
        help_text=_('Path on the monitor of the CA certificates to trust instead of those of its system'),
    )
    monitor = models.CharField(
        verbose_name=_('monitor'),
        max_length=100,
        blank=True,
        help_text=_('Name of the monitor that checks it (NETBOX_ACME_SOURCE); monitors can also be given a tag'),
    )
    interval = models.PositiveIntegerField(
        verbose_name=_('interval'),
        blank=True,
        null=True,
        validators=[MinValueValidator(1), MaxValueValidator(MAX_INTERVAL)],
        help_text=_('Minutes between two checks; empty for a check at each run of the monitor'),
    )
    expected_certificate = models.ForeignKey(
        to='netbox_ssl.Certificate',
        on_delete=models.SET_NULL,
        related_name='expected_at',
        verbose_name=_('expected certificate'),
        blank=True,
        null=True,
        help_text=_('The certificate that it should serve; another one is a problem'),
    )
    assigned_object_type = models.ForeignKey(
        to='contenttypes.ContentType',
        on_delete=models.PROTECT,
        related_name='+',
        verbose_name=_('object type'),
        limit_choices_to=ASSIGNABLE,
        blank=True,
        null=True,
    )
    assigned_object_id = models.PositiveBigIntegerField(
        verbose_name=_('object ID'),
        blank=True,
        null=True,
    )
    # The object that serves it
    assigned_object = GenericForeignKey(
        ct_field='assigned_object_type',
        fk_field='assigned_object_id',
    )

    objects = EndpointQuerySet.as_manager()

    clone_fields = ('port', 'starttls', 'ca_file', 'monitor', 'interval', 'expected_certificate')

    # Set by the view of the form if the user may not view that object
    hides_assigned_object = False

    DOCUMENTATION = 'reference/endpoint'

    # Columns that make it another endpoint, about which nothing is known yet
    IDENTITY = ('address', 'port', 'server_name', 'starttls')
    # Written by the results of checks and by the sweep
    BOOKKEEPING = EndpointResultsMixin.STATE_FIELDS
    BOOKKEEPING_DEPENDS_ON = (*IDENTITY, 'expected_certificate')

    get_checked_at_display = day_display('checked_at')

    class Meta:
        ordering = ('address', 'port', 'server_name', 'monitor')
        verbose_name = _('endpoint')
        verbose_name_plural = _('endpoints')
        indexes = ENDPOINT_INDEXES
        constraints = (
            models.UniqueConstraint(
                fields=('address', 'port', 'server_name', 'monitor'),
                name='%(app_label)s_%(class)s_unique',
                violation_error_message=_('This monitor already has an endpoint with this address, port and name.'),
            ),
        )

    def __str__(self):
        return endpoint_label(self.address, self.port, self.server_name)

    def get_absolute_url(self):
        return reverse('plugins:netbox_ssl:endpoint', args=[self.pk])

    def clean_fields(self, exclude=None):
        for name in ('address', 'server_name'):
            if (text := getattr(self, name)) and name not in (exclude or ()):
                setattr(self, name, _canonical(name, text))
        if self.server_name == self.address:
            self.server_name = ''
        super().clean_fields(exclude)

    def clean(self):
        super().clean()
        if self.ca_file and (not self.ca_file.startswith('/') or not self.ca_file.isprintable()):
            raise ValidationError({'ca_file': _('Enter the absolute path of a file, such as /etc/ssl/example-ca.pem.')})
        if set(self.monitor) & set(':/'):
            raise ValidationError({'monitor': _('The name of a monitor contains neither a colon nor a slash.')})
        if (self.assigned_object_type_id is None) != (self.assigned_object_id is None):
            raise ValidationError({'assigned_object_id': _('Enter both the type and the ID of an object, or neither.')})
        if self.assigned_object_type_id and self.assigned_object_type.model_class() not in ASSIGNABLE_MODELS:
            raise ValidationError(
                {
                    'assigned_object_type': _(
                        'Endpoints are served by devices, virtual machines, application services or IP addresses.'
                    )
                }
            )

    def save(self, *args, **kwargs):
        using = kwargs.get('using') or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            if not self._state.adding and kwargs.get('update_fields') is None:
                self._follow_changes(self.take_bookkeeping(using))
            super().save(*args, **kwargs)

    def _follow_changes(self, stored: dict) -> None:
        """Adapt the result to what was changed, given the stored columns that it depends on."""
        if any(name in stored and stored[name] != getattr(self, name) for name in self.IDENTITY):
            for name in self.BOOKKEEPING:
                field = self._meta.get_field(name)
                setattr(self, field.attname, field.get_default())
        elif self.result and stored.get('expected_certificate_id') != self.expected_certificate_id:
            self.judge_again(timezone.now())

    def serialize_object(self, exclude=None):
        """Return the data for NetBox's change log and event snapshots: the result of a check is not a change."""
        return super().serialize_object(exclude=[*(exclude or ()), *self.BOOKKEEPING])

    @property
    def external_id(self) -> str | None:
        """Return the external ID with which its monitor reports; None if no monitor is known."""
        monitor = self.monitor or self.checked_by
        return f'served:{monitor}:{self}' if monitor else None

    @property
    def name(self) -> str:
        """Return the name for which it serves a certificate."""
        return self.server_name or self.address

    @property
    def certificate(self):
        """Return the certificate that was seen last, or None."""
        return self.source.issuance.certificate if self.source and self.source.issuance else None

    @property
    def visible_certificate(self):
        """Return the certificate that was seen last, or None if there is none or the user may not view it."""
        return self.certificate if is_visible(self, 'source__issuance__certificate') else None

    @property
    def visible_source(self):
        return self.source if is_visible(self, 'source') else None

    @property
    def visible_expected_certificate(self):
        return self.expected_certificate if is_visible(self, 'expected_certificate') else None


def _canonical(field: str, text: str) -> str:
    if name := canonical_endpoint_host(text):
        return name
    raise ValidationError({field: _('Enter a host name such as www.example.com, or an IP address.')})


def _forget_place(sender, instance, **kwargs) -> None:
    """Keep the endpoints of an object that is deleted: others may serve them from now on."""
    of_object = {'assigned_object_type__app_label': sender._meta.app_label, 'assigned_object_id': instance.pk}
    served = Endpoint.objects.filter(**of_object, assigned_object_type__model=sender._meta.model_name)
    served.update(assigned_object_type=None, assigned_object_id=None)


for _model in ASSIGNABLE_MODELS:
    pre_delete.connect(_forget_place, sender=_model, dispatch_uid=f'netbox_ssl endpoints {_model._meta.label}')
