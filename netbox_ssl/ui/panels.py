"""The panels of certificates, issuances, sources and assignments on their own pages."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from netbox.ui import attrs, panels

from netbox_ssl.ari.explanations import describe
from netbox_ssl.reports.authorities import attach_issuing_cas, find_links
from netbox_ssl.reports.chain_steps import chain_steps
from netbox_ssl.reports.charts import lifetime
from netbox_ssl.reports.charts.wording import days
from netbox_ssl.reports.sources import problem_sources

from .shared_reads import deployment_of


class CertificatePanel(panels.ObjectAttributesPanel):
    name = attrs.TextAttr('name')
    status = attrs.ChoiceAttr('status')
    validity = attrs.TemplatedAttr('validity', template_name='netbox_ssl/attrs/validity.html')
    tenant = attrs.RelatedObjectAttr('tenant', linkify=True, grouped_by='group')
    description = attrs.TextAttr('description')


class RenewalInstructionsPanel(panels.CommentsPanel):
    """How to renew the certificate; omitted if nothing was entered."""

    title = _('Renewal Instructions')

    def __init__(self):
        super().__init__('renewal_instructions')

    def should_render(self, context):
        return bool(context['comments'])


class RenewalPanel(panels.ObjectAttributesPanel):
    title = _('Renewal')

    renewal_status = attrs.TemplatedAttr(
        'renewal_status',
        label=_('Renewal status'),
        template_name='netbox_ssl/attrs/renewal_status.html',
    )
    deployment = attrs.TemplatedAttr(
        'deployment',
        label=_('Deployment'),
        template_name='netbox_ssl/attrs/deployment.html',
    )
    valid_to = attrs.DateTimeAttr('valid_to', label=_('Valid to'))
    expiry_marks = attrs.TemplatedAttr(
        'effective_expiry_marks',
        label=_('Expiry marks'),
        template_name='netbox_ssl/attrs/expiry_marks.html',
    )
    renewal_due_at = attrs.DateTimeAttr('renewal_due_at', label=_('Renewal due'))
    renewal_overdue_at = attrs.DateTimeAttr('renewal_overdue_at', label=_('Overdue from'))
    usual_renewal_days = attrs.TemplatedAttr(
        'usual_renewal_days',
        label=_('Usually renewed'),
        template_name='netbox_ssl/attrs/usual_renewal.html',
    )

    def get_context(self, context):
        # Attributes are rendered without the request, but the state depends on the sources that the user may view.
        deployment_of(context['object'], context['request'].user)
        return super().get_context(context)


class LifetimePanel(panels.ObjectPanel):
    """The lifetime of a certificate as a bar."""

    title = _('Lifetime')
    template_name = 'netbox_ssl/panels/lifetime.html'

    def get_context(self, context):
        return {**super().get_context(context), 'bar': lifetime.draw(context['object'], timezone.now())}


class ARIPanel(panels.ObjectPanel):
    title = _('Renewal Information (ARI)')
    template_name = 'netbox_ssl/panels/ari.html'

    def get_context(self, context):
        certificate, request = context['object'], context['request']
        ari = describe(certificate)
        return {
            **super().get_context(context),
            'ari': ari,
            'now': timezone.now(),
            'may_check': ari.can_be_asked and request.user.has_perm('netbox_ssl.change_certificate', certificate),
            'check_url': reverse('plugins:netbox_ssl:certificate_check_ari', kwargs={'pk': certificate.pk}),
        }

    def should_render(self, context):
        return context['object'].is_acme


class ACMEPanel(panels.ObjectAttributesPanel):
    title = _('ACME')

    is_acme = attrs.BooleanAttr('is_acme', label=_('Is ACME'))
    acme_provider = attrs.TextAttr('acme_provider', label=_('ACME provider'))
    acme_account_email = attrs.TextAttr('acme_account_email', label=_('Account email'))
    acme_challenge_type = attrs.ChoiceAttr('acme_challenge_type', label=_('Challenge type'))
    # Not a link: the URL is for ACME clients, and it came from outside.
    acme_server_url = attrs.TextAttr('acme_server_url', label=_('Server URL'), copy_button=True)
    acme_auto_renewal = attrs.BooleanAttr('acme_auto_renewal', label=_('Auto-renewal'))
    acme_renewal_days = attrs.TemplatedAttr(
        'acme_renewal_days',
        label=_('Renewal days'),
        template_name='netbox_ssl/attrs/renewal_days.html',
    )
    acme_last_renewed = attrs.DateTimeAttr('acme_last_renewed', label=_('Last renewed'))


class X509Panel(panels.ObjectAttributesPanel):
    title = _('X.509')

    kind = attrs.TemplatedAttr('is_ca', label=_('Type'), template_name='netbox_ssl/attrs/x509_type.html')
    subject = attrs.TextAttr('subject')
    issuer = attrs.TemplatedAttr('issuer', template_name='netbox_ssl/attrs/issuer.html')
    valid_from = attrs.DateTimeAttr('valid_from', label=_('Valid from'))
    valid_to = attrs.DateTimeAttr('valid_to', label=_('Valid to'))
    subject_alt_names = attrs.TemplatedAttr(
        'subject_alt_names',
        label=_('Subject alternative names'),
        template_name='netbox_ssl/attrs/names.html',
    )
    serial_number = attrs.TextAttr('serial_number', style='font-monospace', copy_button=True)
    fingerprint_sha256 = attrs.TextAttr(
        'fingerprint_sha256', label=_('SHA-256 fingerprint'), style='font-monospace text-break', copy_button=True
    )
    fingerprint_sha1 = attrs.TextAttr(
        'fingerprint_sha1', label=_('SHA-1 fingerprint'), style='font-monospace text-break', copy_button=True
    )
    key = attrs.TemplatedAttr(
        'key_algorithm',
        label=_('Public key'),
        template_name='netbox_ssl/attrs/key.html',
    )
    public_key_sha256 = attrs.TextAttr(
        'public_key_sha256', label=_('Public key SHA-256'), style='font-monospace text-break', copy_button=True
    )
    signature_algorithm = attrs.TextAttr('signature_algorithm')
    authority_key_id = attrs.TextAttr(
        'authority_key_id', label=_('Authority key ID'), style='font-monospace text-break', copy_button=True
    )
    subject_key_id = attrs.TextAttr(
        'subject_key_id', label=_('Subject key ID'), style='font-monospace text-break', copy_button=True
    )

    def get_context(self, context):
        attach_issuing_cas(context['object'], context['request'].user)
        return super().get_context(context)


class ChainPanel(panels.ObjectPanel):
    """The links of the stored chain as steps and as a list; omitted without a chain."""

    template_name = 'netbox_ssl/panels/chain.html'
    title = _('Chain')

    def get_context(self, context):
        certificate = context['object']
        links = find_links(certificate.chain_links(), context['request'].user)
        return {
            **super().get_context(context),
            'links': links,
            'steps': chain_steps(certificate, links, timezone.now()),
            'warnings': certificate.chain_warnings(),
            'valid_to': certificate.valid_to,
        }

    def should_render(self, context):
        return bool(context['links'])


class IssuedCertificatesPanel(panels.ObjectsTablePanel):
    """The certificates that a CA certificate issued; omitted for other certificates."""

    def __init__(self):
        super().__init__(
            'netbox_ssl.certificate',
            filters={'issued_by_id': lambda context: context['object'].pk},
            title=_('Issued Certificates'),
        )

    def should_render(self, context):
        return context['object'].is_ca and super().should_render(context)


class EncodingPanel(panels.ObjectPanel):
    """What is wrong with the encoding of a certificate; omitted if nothing is."""

    template_name = 'netbox_ssl/panels/encoding.html'
    title = _('Encoding')

    def get_context(self, context):
        context = super().get_context(context)
        return {**context, 'warnings': context['object'].encoding_warnings()}

    def should_render(self, context):
        return bool(context['warnings'])


class DaysAttr(attrs.TextAttr):
    """A number of days, in words; NetBox's own attribute of a duration abbreviates them."""

    def get_value(self, obj):
        return days(super().get_value(obj))


class IssuancePanel(panels.ObjectAttributesPanel):
    certificate = attrs.RelatedObjectAttr('visible_certificate', linkify=True, label=_('Certificate'))
    is_current = attrs.BooleanAttr('is_current', label=_('Current'))
    lifetime = DaysAttr('lifetime_days', label=_('Lifetime'))
    replaced_at = attrs.DateTimeAttr('replaced_at', label=_('Replaced'))
    created = attrs.DateTimeAttr('created', label=_('Recorded'))


class CertificateSourcePanel(panels.ObjectAttributesPanel):
    certificate = attrs.RelatedObjectAttr('visible_certificate', linkify=True, label=_('Certificate'))
    external_id = attrs.TextAttr('external_id', label=_('External ID'), copy_button=True)
    client = attrs.TextAttr('client')
    kind = attrs.ChoiceAttr('kind')
    machine_id = attrs.TextAttr('machine_id', label=_('Machine ID'), style='font-monospace')
    place = attrs.TextAttr('place')
    state = attrs.TemplatedAttr('state', template_name='netbox_ssl/attrs/source_state.html')
    issuance = attrs.RelatedObjectAttr('visible_issuance', linkify=True, label=_('Last reported'))
    issuance_since = attrs.DateTimeAttr('issuance_since', label=_('Has it since'))
    valid_to = attrs.DateTimeAttr('valid_to', label=_('Valid to'))
    behind_since = attrs.DateTimeAttr('behind_since', label=_('Behind since'))
    reported_at = attrs.DateTimeAttr('reported_at', label=_('Last report'))
    gone_since = attrs.DateTimeAttr('gone_since', label=_('Gone since'))


class SourcesToLookAtPanel(panels.Panel):
    """The sources of a certificate that are expired, behind or silent; omitted if there are none."""

    template_name = 'netbox_ssl/panels/problem_sources.html'
    title = _('Sources Needing Attention')

    def get_context(self, context):
        certificate, user = context['object'], context['request'].user
        deployment = deployment_of(certificate, user)
        # The worst state of its sources says whether there are any to look for.
        is_bad = deployment is not None and deployment.is_bad
        return {
            **super().get_context(context),
            'sources': problem_sources(user, timezone.now(), certificate) if is_bad else None,
        }

    def should_render(self, context):
        return bool(context['sources'] and context['sources']['bad'])


class CertificateAssignmentPanel(panels.ObjectAttributesPanel):
    certificate = attrs.RelatedObjectAttr('certificate', linkify=True)
    assigned_object = attrs.RelatedObjectAttr('assigned_object', linkify=True, label=_('Assigned to'))
    primary = attrs.BooleanAttr('primary')
    note = attrs.TextAttr('note')
    warnings = attrs.TemplatedAttr('get_warnings', label=_('Warnings'), template_name='netbox_ssl/attrs/warnings.html')


class PEMPanel(panels.TextCodePanel):
    """A PEM as text; omitted if there is none."""

    def should_render(self, context):
        return bool(context['value'])
