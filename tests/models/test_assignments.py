"""CertificateAssignment: NetBox's own test cases, and its own rules."""

from core.models import ObjectChange
from dcim.models import Device
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ValidationError
from django.test import override_settings
from django.urls import reverse
from ipam.models import IPAddress, Service
from tenancy.models import Tenant
from utilities.testing import (
    APITestCase,
    APIViewTestCases,
    ChangeLoggedFilterSetTestMixin,
    TableTestCases,
    TestCase,
    ViewTestCases,
    create_tags,
)

import tests.support.query_counts  # noqa: F401  (where the query counts are)
from netbox_ssl.filtersets import CertificateAssignmentFilterSet
from netbox_ssl.models import Certificate, CertificateAssignment
from netbox_ssl.tables import CertificateAssignmentTable
from tests.support.factories import grant, import_pem, issue_acme, record, successor
from tests.support.places import REFUSING, address_on, assign, device, form_data, generic, machine, service_on

REST = '/api/plugins/ssl/certificate-assignments/'


def make_assignments():
    """Create three certificates, each assigned to a different device."""
    certificates = [record(name=f'www{number}.example.net') for number in range(1, 4)]
    hosts = [device(f'web-0{number}') for number in range(1, 4)]
    for certificate, host in zip(certificates, hosts, strict=True):
        assign(certificate, host, note='tcp/443')
    return certificates, hosts


class AssignmentViewTestCase(ViewTestCases.PrimaryObjectViewTestCase):
    model = CertificateAssignment
    user_permissions = ('dcim.view_device', 'netbox_ssl.view_certificate')

    def _get_base_url(self):
        return f'plugins:{super()._get_base_url()}'

    @classmethod
    def setUpTestData(cls):
        certificates, hosts = make_assignments()
        tags = create_tags('Alpha', 'Bravo')
        cls.form_data = {
            'certificate': certificates[0].pk,
            **form_data(hosts[1]),
            'primary': True,
            'note': 'tcp/8443',
            'tags': [tag.pk for tag in tags],
        }
        cls.bulk_edit_data = {'primary': True, 'note': 'tcp/993'}
        cls.csv_data = (
            'certificate,assigned_object_type,assigned_object,note',
            'www1.example.net,dcim.device,web-02,tcp/443',
            'www2.example.net,dcim.device,web-03,',
            'www3.example.net,dcim.device,web-01,/shop',
        )
        assignments = CertificateAssignment.objects.order_by('pk')
        cls.csv_update_data = ('id,note', *(f'{each.pk},tcp/25' for each in assignments))


class AssignmentAPITestCase(APIViewTestCases.APIViewTestCase):
    model = CertificateAssignment
    view_namespace = 'plugins-api:netbox_ssl'
    brief_fields = ['certificate', 'display', 'id', 'note', 'primary', 'url']
    bulk_update_data = {'note': 'tcp/8443'}
    bulk_update_invalid_data = {'note': 'x' * 201}
    user_permissions = ('dcim.view_device', 'netbox_ssl.view_certificate')

    @classmethod
    def setUpTestData(cls):
        certificates, hosts = make_assignments()
        cls.create_data = [
            {'certificate': certificate.pk, **generic(host), 'note': 'tcp/443'}
            for certificate, host in zip(certificates, [*hosts[1:], hosts[0]], strict=True)
        ]


class AssignmentFilterSetTestCase(TestCase, ChangeLoggedFilterSetTestMixin):
    # NetBox's test finds the filter set by the first part of this.
    __module__ = 'netbox_ssl.tests.test_filtersets'
    queryset = CertificateAssignment.objects.all()
    filterset = CertificateAssignmentFilterSet

    @classmethod
    def setUpTestData(cls):
        cls.certificates, cls.hosts = make_assignments()
        CertificateAssignment.objects.filter(certificate=cls.certificates[2]).update(primary=True, note='/shop')

    def found(self, **parameters):
        return set(self.filterset(parameters, self.queryset).qs.values_list('certificate__name', flat=True))

    def test_certificate(self):
        self.assertEqual(self.found(certificate_id=[self.certificates[0].pk]), {'www1.example.net'})
        self.assertEqual(self.found(certificate=['www2.example.net']), {'www2.example.net'})

    def test_assigned_object(self):
        self.assertEqual(len(self.found(assigned_object_type=['dcim.device'])), 3)
        self.assertEqual(self.found(assigned_object_type=['ipam.service']), set())
        self.assertEqual(self.found(assigned_object_id=[self.hosts[0].pk]), {'www1.example.net'})

    def test_fields(self):
        self.assertEqual(self.found(primary=True), {'www3.example.net'})
        self.assertEqual(self.found(note=['/shop']), {'www3.example.net'})

    def test_q(self):
        self.assertEqual(self.found(q='web-02'), {'www2.example.net'})
        self.assertEqual(self.found(q='www1'), {'www1.example.net'})
        self.assertEqual(self.found(q='shop'), {'www3.example.net'})


class AssignmentTableTestCase(TableTestCases.StandardTableTestCase):
    table = CertificateAssignmentTable
    # NetBox looks for the list in views.py only.
    queryset_sources = [('list', CertificateAssignment.objects.with_places())]


class AssignmentTestCase(TestCase):
    """Rules for assignments, however they are created."""

    def setUp(self):
        super().setUp()
        self.certificate = record()
        self.host = device()

    def test_each_kind_of_object(self):
        for place in (self.host, machine(), service_on(self.host), address_on()):
            with self.subTest(place._meta.model_name):
                self.assertEqual(assign(self.certificate, place).assigned_object, place)

    def test_other_kinds_are_refused(self):
        with self.assertRaisesMessage(ValidationError, 'assigned to devices'):
            assign(self.certificate, self.host.site)

    def test_assigned_once(self):
        assign(self.certificate, self.host)
        with self.assertRaisesMessage(ValidationError, 'already assigned to this object'):
            assign(self.certificate, self.host)

    def test_one_primary(self):
        assign(self.certificate, self.host, primary=True)
        assign(self.certificate, machine(), primary=True)
        with self.assertRaisesMessage(ValidationError, 'cannot be the primary certificate'):
            assign(record(name='other.example.net'), self.host, primary=True)

    def test_an_object_that_does_not_exist(self):
        assignment = CertificateAssignment(certificate=self.certificate, assigned_object=self.host)
        assignment.assigned_object_id = 987654
        with self.assertRaisesMessage(ValidationError, 'Related object not found'):
            assignment.full_clean()

    def test_it_survives_a_renewal(self):
        old = issue_acme('shop.example.net')
        certificate = import_pem(old).certificate
        assignment = assign(certificate, self.host, note='tcp/443', primary=True)
        self.assertEqual(import_pem(successor(old)).action, 'renewed')
        before = (assignment.pk, certificate.pk, 'tcp/443', True)
        self.assertIn(before, CertificateAssignment.objects.values_list('pk', 'certificate', 'note', 'primary'))


class TenantsTestCase(APITestCase):
    user_permissions = (
        'dcim.view_device',
        'netbox_ssl.add_certificateassignment',
        'netbox_ssl.view_certificate',
        'netbox_ssl.view_certificateassignment',
    )
    differ = 'belong to different tenants'

    def setUp(self):
        super().setUp()
        ours, theirs = (Tenant.objects.create(name=name, slug=name) for name in ('ours', 'theirs'))
        self.certificate = record(tenant=ours)
        self.same, self.none, self.other = device('same', tenant=ours), device('none'), device('other', tenant=theirs)
        self.client.force_login(self.user)

    def post_form(self, place):
        data = {'certificate': self.certificate.pk, **form_data(place)}
        return self.client.post(reverse('plugins:netbox_ssl:certificateassignment_add'), data, follow=True)

    def post(self, place):
        data = {'certificate': self.certificate.pk, **generic(place)}
        return self.client.post(REST, data, format='json', **self.header)

    def test_services_belong_to_the_tenant_of_their_host(self):
        self.assertEqual(assign(self.certificate, service_on(self.same)).get_warnings(), [])
        self.assertEqual(len(assign(self.certificate, service_on(self.other)).get_warnings()), 1)
        self.assertEqual(len(assign(self.certificate, address_on(tenant=self.other.tenant)).get_warnings()), 1)

    def test_a_person_sees_the_warning(self):
        self.assertNotContains(self.post_form(self.same), self.differ)
        self.assertNotContains(self.post_form(self.none), self.differ)
        self.assertContains(self.post_form(self.other), self.differ)
        self.assertEqual(CertificateAssignment.objects.count(), 3)
        page = self.client.get(CertificateAssignment.objects.get(device=self.other).get_absolute_url())
        self.assertContains(page, self.differ)

    def test_bulk_import_shows_it(self):
        data = f'certificate.id,assigned_object_type,assigned_object\n{self.certificate.pk},dcim.device,other'
        url = reverse('plugins:netbox_ssl:certificateassignment_bulk_import')
        form = {'data': data, 'format': 'csv', 'csv_delimiter': ','}
        self.assertContains(self.client.post(url, form, follow=True), self.differ)

    def test_rest_shows_it(self):
        self.assertEqual(self.post(self.same).json()['warnings'], [])
        (warning,) = self.post(self.other).json()['warnings']
        self.assertIn(self.differ, warning)

    @override_settings(PLUGINS_CONFIG=REFUSING)
    def test_refused_by_the_setting(self):
        self.assertEqual(self.post(self.same).status_code, 201)
        response = self.post(self.other)
        self.assertEqual(response.status_code, 400)
        self.assertIn('refuse_tenant_mismatch', str(response.json()))
        self.assertContains(self.post_form(self.other), 'refuse_tenant_mismatch')
        self.assertEqual(CertificateAssignment.objects.count(), 1)


class TenantChangesTestCase(APITestCase):
    """Changes of the tenant of an assigned certificate."""

    def setUp(self):
        super().setUp()
        self.ours, self.theirs = (Tenant.objects.create(name=name, slug=name) for name in ('ours', 'theirs'))
        self.certificate = record(tenant=self.ours)
        self.host = device('web-01', tenant=self.ours)
        assign(self.certificate, self.host)
        grant(self.user, 'view', 'change')
        grant(self.user, 'view', model=Device)
        grant(self.user, 'view', model=Tenant)
        self.client.force_login(self.user)

    def edit(self, tenant):
        url = reverse('plugins:netbox_ssl:certificate_edit', args=[self.certificate.pk])
        form = self.client.get(url).context['form']
        data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, '', [], False)}
        return self.client.post(url, {**data, 'tenant': tenant.pk}, follow=True)

    def patch(self, **data):
        url = f'/api/plugins/ssl/certificates/{self.certificate.pk}/'
        return self.client.patch(url, data, format='json', **self.header)

    def test_a_person_is_warned(self):
        grant(self.user, 'view', model=CertificateAssignment)
        self.assertNotContains(self.edit(self.ours), 'different tenants')
        page = self.edit(self.theirs)
        self.assertContains(page, 'The certificate and web-01 belong to different tenants.')
        self.certificate.refresh_from_db()
        self.assertEqual(self.certificate.tenant, self.theirs)
        # Also whenever the page is viewed
        url = f'{reverse("plugins:netbox_ssl:certificateassignment_list")}?certificate_id={self.certificate.pk}'
        self.assertContains(self.client.get(url), 'mdi-alert text-warning')

    def test_not_of_objects_that_may_not_be_viewed(self):
        self.assertNotContains(self.edit(self.theirs), 'web-01')

    @override_settings(PLUGINS_CONFIG=REFUSING)
    def test_refused_by_the_setting(self):
        page = self.edit(self.theirs)
        self.assertContains(page, 'refuse_tenant_mismatch')
        self.assertNotContains(page, 'web-01')
        response = self.patch(tenant=self.theirs.pk)
        self.assertEqual(response.status_code, 400)
        self.assertIn('refuse_tenant_mismatch', str(response.json()['tenant']))
        self.assertEqual(self.patch(tenant=None).status_code, 200)
        self.assertEqual(self.patch(tenant=self.ours.pk).status_code, 200)

    @override_settings(PLUGINS_CONFIG=REFUSING)
    def test_a_renewal_is_not_blocked(self):
        old = issue_acme('shop.example.net')
        certificate = import_pem(old).certificate
        certificate.tenant = self.ours
        certificate.save()
        assign(certificate, self.host)
        Device.objects.filter(pk=self.host.pk).update(tenant=self.theirs)
        self.assertEqual(import_pem(successor(old)).action, 'renewed')
        certificate.refresh_from_db()
        certificate.snapshot()
        certificate.description = 'edited'
        certificate.full_clean()


class DeletingTestCase(APITestCase):
    def setUp(self):
        super().setUp()
        self.certificate, self.host = record(), device()
        self.client.force_login(self.user)
        for place in (self.host, service_on(self.host), address_on()):
            assign(self.certificate, place)

    def deleted(self):
        kind = ContentType.objects.get_for_model(CertificateAssignment)
        return ObjectChange.objects.filter(changed_object_type=kind, action='delete', user=self.user)

    def test_the_host(self):
        grant(self.user, 'view', 'delete', model=Device)
        url = reverse('dcim:device_delete', args=[self.host.pk])
        self.assertContains(self.client.get(f'{url}'), 'certificate assignments')
        self.assertEqual(self.client.post(url, {'confirm': True}).status_code, 302)
        # The assignments to the device and to its service
        self.assertEqual(self.deleted().count(), 2)
        self.assertEqual(CertificateAssignment.objects.get().assigned_object_type.model, 'ipaddress')
        self.assertEqual({change.related_object for change in self.deleted()}, {self.certificate})

    def test_an_address_over_rest(self):
        grant(self.user, 'delete', model=IPAddress)
        address = IPAddress.objects.get()
        response = self.client.delete(f'/api/ipam/ip-addresses/{address.pk}/', **self.header)
        self.assertEqual(response.status_code, 204)
        self.assertEqual(self.deleted().count(), 1)
        self.assertEqual(CertificateAssignment.objects.count(), 2)

    def test_the_certificate(self):
        grant(self.user, 'delete')
        response = self.client.delete(f'/api/plugins/ssl/certificates/{self.certificate.pk}/', **self.header)
        self.assertEqual(response.status_code, 204)
        self.assertEqual(self.deleted().count(), 3)
        self.assertTrue(Device.objects.filter(pk=self.host.pk).exists())


class ConstrainedTestCase(APITestCase):
    """With constrained permissions, hidden objects can neither be assigned nor are they revealed."""

    def setUp(self):
        super().setUp()
        self.client.force_login(self.user)
        self.certificate = record(name='mine.example.net')
        self.mine, self.other = device('mine'), device('other')
        grant(self.user, 'view', model=Device, constraints={'name': 'mine'})
        grant(self.user, 'view', constraints={'name': 'mine.example.net'})
        # Not permitted yet; the constraints are on the certificate.
        grant(
            self.user, 'view', 'add', model=CertificateAssignment, constraints={'certificate__name': 'mine.example.net'}
        )

    def refused(self, data):
        response = self.client.post(REST, data, format='json', **self.header)
        self.assertEqual(response.status_code, 400)
        return response.json()

    def test_rest(self):
        unseen = self.refused({'certificate': self.certificate.pk, **generic(self.other)})
        missing = {'certificate': self.certificate.pk, **generic(self.other), 'assigned_object_id': 987654}
        self.assertEqual(unseen, self.refused(missing))
        response = self.client.post(
            REST, {'certificate': self.certificate.pk, **generic(self.mine)}, format='json', **self.header
        )
        self.assertEqual(response.status_code, 201)
        url = f'{REST}{response.json()["id"]}/'
        grant(self.user, 'change', model=CertificateAssignment)
        response = self.client.patch(url, {'assigned_object_id': self.other.pk}, format='json', **self.header)
        self.assertEqual(response.status_code, 400)

    def test_rest_hidden_certificate(self):
        hidden = record(name='hidden.example.net')
        refused = self.refused({'certificate': hidden.pk, **generic(self.mine)})
        self.assertIn('not found', str(refused['certificate']))

    def test_changing_and_deleting(self):
        """An assignment of a hidden object cannot be changed or deleted, alone or in bulk."""
        grant(self.user, 'change', 'delete', model=CertificateAssignment)
        hidden = assign(self.certificate, self.other)
        for action, method in (('change', 'patch'), ('delete', 'delete')):
            for url, data in ((f'{REST}{hidden.pk}/', {}), (REST, [{'id': hidden.pk}])):
                response = getattr(self.client, method)(url, data, format='json', **self.header)
                self.assertIn(response.status_code, (400, 404), action)
        for action in ('edit', 'delete'):
            url = reverse(f'plugins:netbox_ssl:certificateassignment_bulk_{action}')
            response = self.client.post(url, {'pk': [hidden.pk], 'confirm': True, '_confirm': True}, follow=True)
            self.assertNotContains(response, self.other.name)
        self.assertTrue(CertificateAssignment.objects.filter(pk=hidden.pk).exists())

    def test_hosts(self):
        """The host of a visible service is shown only if it is visible, too."""
        grant(self.user, 'view', model=Service)
        for host in (self.mine, self.other):
            assign(self.certificate, service_on(host, f'HTTPS on {host.name.upper()}'))
        page = self.client.get(reverse('plugins:netbox_ssl:certificateassignment_list')).content.decode()
        self.assertIn(self.mine.get_absolute_url(), page)
        self.assertIn('HTTPS on OTHER', page)
        self.assertNotIn(self.other.get_absolute_url(), page)

    def test_form(self):
        data = {'certificate': self.certificate.pk, **form_data(self.other)}
        response = self.client.post(reverse('plugins:netbox_ssl:certificateassignment_add'), data)
        self.assertEqual(response.status_code, 200)
        self.assertFalse(CertificateAssignment.objects.exists())

    def test_bulk_import(self):
        url = reverse('plugins:netbox_ssl:certificateassignment_bulk_import')
        for named in ('assigned_object\n{0},dcim.device,other', 'assigned_object_id\n{0},dcim.device,{1}'):
            data = 'certificate.id,assigned_object_type,' + named.format(self.certificate.pk, self.other.pk)
            self.client.post(url, {'data': data, 'format': 'csv', 'csv_delimiter': ','})
            self.assertFalse(CertificateAssignment.objects.exists())

    def seen(self):
        return [each['id'] for each in self.client.get(REST, **self.header).json()['results']]

    def test_restricted_to_visible_objects(self):
        hidden = assign(record(name='hidden.example.net'), self.other)
        shown = assign(self.certificate, self.mine)
        self.assertEqual(self.seen(), [shown.pk])
        self.assertEqual(self.client.get(hidden.get_absolute_url()).status_code, 404)
        self.assertEqual(Certificate.objects.count(), 2)

    def test_permission_constraints_are_combined(self):
        """A user who may view all assignments sees only those of visible certificates and objects."""
        grant(self.user, 'view', model=CertificateAssignment)
        shown = assign(self.certificate, self.mine)
        for certificate, place in (
            (self.certificate, self.other),
            (self.certificate, machine()),
            (self.certificate, service_on(self.mine)),
            (record(name='hidden.example.net'), self.mine),
        ):
            self.assertEqual(self.client.get(assign(certificate, place).get_absolute_url()).status_code, 404)
        self.assertEqual(self.seen(), [shown.pk])
        page = self.client.get(reverse('plugins:netbox_ssl:certificateassignment_list'))
        self.assertEqual([row.record.pk for row in page.context['table'].rows], [shown.pk])
