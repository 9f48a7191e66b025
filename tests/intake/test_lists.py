"""Lists give the same result as imports in sequence, for every decision."""

from datetime import timedelta

from core.models import ObjectType
from dcim.models import Device
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import TestCase
from django.utils import timezone
from extras.models import Tag
from tenancy.models import Tenant

from netbox_ssl import intake
from netbox_ssl.intake import Action, Refusal
from netbox_ssl.models import Certificate, CertificateSource
from tests.support.factories import DAY, import_pem, in_house_ca, issue_acme, successor, superuser
from tests.support.reporting import external_id, item, report, source_of


def unreported(issued, **options) -> intake.Item:
    return intake.Item(intake.read_single(issued.fullchain_pem), **options)


class ListTestCase(TestCase):
    def take_in(self, *items) -> list:
        return intake.take_in_many(list(items), superuser())

    def actions(self, *items) -> list[str]:
        results = self.take_in(*items)
        self.assertFalse([each.error for each in results if isinstance(each, Refusal)])
        return [each.action for each in results]


class NewTestCase(ListTestCase):
    def test_two_reports_of_one_source(self):
        first, second = issue_acme('a.example.net'), issue_acme('b.example.net')
        self.assertEqual(self.actions(item('web01', first), item('web01', second)), [Action.CREATED] * 2)
        self.assertEqual(source_of('web01').certificate, Certificate.objects.get(pem=second.pem))

    def test_a_renewal_of_another_item_of_the_list(self):
        old = issue_acme()
        self.assertEqual(self.actions(unreported(old), unreported(successor(old))), [Action.CREATED, Action.RENEWED])

    def test_the_same_one_twice(self):
        issued = issue_acme()
        self.assertEqual(self.actions(item('web01', issued), item('web02', issued)), [Action.CREATED, Action.UNCHANGED])
        self.assertEqual(Certificate.objects.get().sources.count(), 2)

    def test_a_renewal_of_an_existing_certificate(self):
        old = issue_acme()
        import_pem(old)
        self.assertEqual(self.actions(unreported(successor(old))), [Action.RENEWED])

    def test_the_named_one_is_renewed(self):
        certificate = import_pem(issue_acme('a.example.net')).certificate
        named = unreported(issue_acme('b.example.net', left=80 * DAY), certificate=certificate)
        self.assertEqual(self.actions(named), [Action.RENEWED])

    def test_a_known_source_with_other_names(self):
        old = issue_acme('a.example.net')
        certificate = report('web01', old).certificate
        new = issue_acme(['a.example.net', 'b.example.net'], left=80 * DAY)
        [result] = self.take_in(item('web01', new))
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, certificate))

    def test_one_in_the_history_of_a_certificate_that_has_other_names_now(self):
        old = issue_acme('a.example.net')
        certificate = report('web01', old).certificate
        report('web01', issue_acme(['a.example.net', 'b.example.net'], left=80 * DAY))
        [result] = self.take_in(item('web02', old))
        self.assertEqual((result.action, result.certificate), (Action.UNCHANGED, certificate))
        self.assertEqual(source_of('web02').certificate, certificate)

    def test_likely_predecessors_are_named(self):
        old = import_pem(issue_acme('a.example.net')).certificate
        new = unreported(issue_acme(['a.example.net', 'b.example.net'], left=80 * DAY))
        other = unreported(issue_acme('c.example.net'))
        for found in (intake.plan_many([new, other], superuser()), self.take_in(new, other)):
            self.assertEqual([[each.certificate for each in one.candidates] for one in found], [[old], []])

    def test_reports_name_no_predecessors_with_only_some_of_the_names(self):
        import_pem(issue_acme('a.example.net'))
        new = item('web01', issue_acme(['a.example.net', 'b.example.net'], left=80 * DAY))
        for found in (intake.plan_many([new], superuser()), self.take_in(new)):
            self.assertEqual(found[0].candidates, [])

    def test_only_certificates_that_were_reported_are_merged_later(self):
        """A person imported the others, so they are kept."""
        self.take_in(item('web01', issue_acme('a.example.net')), unreported(issue_acme('b.example.net')))
        found = Certificate.objects.values_list('name', 'reported_only')
        self.assertEqual(set(found), {('a.example.net', True), ('b.example.net', False)})

    def test_a_refused_one_affects_no_other(self):
        refused = unreported(issue_acme('b.example.net'), attributes={'acme_renewal_days': -1})
        others = [unreported(issue_acme(name)) for name in ('a.example.net', 'c.example.net')]
        first, error, last = self.take_in(others[0], refused, others[1])
        self.assertEqual((first.certificate.name, last.certificate.name), ('a.example.net', 'c.example.net'))
        self.assertEqual(list(error.error.message_dict), ['acme_renewal_days'])
        self.assertEqual(Certificate.objects.count(), 2)

    def test_a_tag_for_other_objects_is_refused(self):
        tag = Tag.objects.create(name='Rack', slug='rack')
        tag.object_types.add(ObjectType.objects.get_for_model(Device))
        for name in ('tags', 'add_tags'):
            with self.subTest(name):
                tagged = unreported(issue_acme('a.example.net'), attributes={name: [tag]})
                refused, created = self.take_in(tagged, unreported(issue_acme(f'{name}.example.net')))
                self.assertIsInstance(refused, Refusal)
                self.assertEqual(Certificate.objects.get(), created.certificate)
                created.certificate.delete()

    def test_one_entered_with_its_fingerprint_is_completed(self):
        issued = issue_acme()
        leaf = intake.read_single(issued.pem)
        typed = Certificate(
            name='typed',
            fingerprint_sha256=leaf.facts.fingerprint_sha256,
            valid_from=leaf.facts.valid_from,
            valid_to=leaf.facts.valid_to,
        )
        typed.full_clean()
        typed.save()
        self.assertEqual(self.actions(unreported(issued)), [Action.RENEWED])
        self.assertEqual(Certificate.objects.get().pem, issued.pem)


class KnownTestCase(ListTestCase):
    def setUp(self):
        self.issued = issue_acme()
        self.certificate = report('web01', self.issued, description='Shop', acme_auto_renewal=True).certificate

    def test_the_same_settings_change_nothing(self):
        before = Certificate.objects.values().get()
        self.assertEqual(self.actions(item('web01', self.issued, description='Shop')), [Action.UNCHANGED])
        self.assertEqual(Certificate.objects.values().get(), before)

    def test_the_last_of_several_reports_of_one_source_counts(self):
        """Although the first one is a renewal, and the second one is known."""
        new = successor(self.issued)
        self.assertEqual(
            self.actions(item('web01', new), item('web01', self.issued)), [Action.RENEWED, Action.UNCHANGED]
        )
        self.certificate.refresh_from_db()
        self.assertEqual((self.certificate.pem, source_of('web01').issuance.pem), (new.pem, self.issued.pem))

    def test_the_time_of_renewal_of_another_host_changes_nothing(self):
        first, second = timezone.now() - 29 * DAY, timezone.now() - 28 * DAY
        actions = [self.actions(item('web01', self.issued, acme_last_renewed=moment))[0] for moment in (first, second)]
        self.certificate.refresh_from_db()
        self.assertEqual((actions, self.certificate.acme_last_renewed), ([Action.UPDATED, Action.UNCHANGED], first))

    def test_warnings_about_a_certificate_that_is_not_changed(self):
        self.actions(item('web01', self.issued, acme_renewal_days=90))
        [result] = self.take_in(item('web01', self.issued))
        self.assertEqual(result.action, Action.UNCHANGED)
        self.assertIn('always due', result.warnings[0])

    def test_a_copy_with_something_unexpected_reports_it_again(self):
        report('web02', self.issued, 'copy')
        other = report('web02', successor(self.issued), 'copy').certificate
        [result] = self.take_in(item('web02', successor(self.issued, later=61 * DAY), 'copy'))
        self.assertEqual((result.action, result.certificate), (Action.RENEWED, other))
        self.assertEqual(source_of('web02', 'copy').certificate, self.certificate)

    def test_other_settings_change_it(self):
        tag = Tag.objects.create(name='Payment', slug='payment')
        for attributes in ({'description': 'The shop'}, {'acme_auto_renewal': False}, {'add_tags': [tag]}):
            with self.subTest(attributes):
                self.assertEqual(self.actions(item('web01', self.issued, **attributes)), [Action.UPDATED])
        self.certificate.refresh_from_db()
        self.assertEqual((self.certificate.description, self.certificate.acme_auto_renewal), ('The shop', False))
        self.assertEqual(list(self.certificate.tags.all()), [tag])

    def test_one_whose_pem_was_removed_is_completed(self):
        self.certificate.snapshot()
        self.certificate.pem = self.certificate.chain_pem = ''
        self.certificate.full_clean()
        self.certificate.save()
        # Without a chain, which would be an extension of the stored one
        each = intake.Item(intake.read_single(self.issued.pem), external_id=external_id('web01'))
        [plan] = intake.plan_many([each], superuser())
        self.assertEqual((plan.action, self.actions(each)), (Action.RENEWED, [Action.RENEWED]))
        self.assertEqual(Certificate.objects.get().pem, self.issued.pem)

    def test_facts_that_contradict_are_refused(self):
        [refusal] = self.take_in(item('web01', self.issued, key_algorithm='RSA'))
        self.assertEqual(list(refusal.error.message_dict), ['key_algorithm'])

    def test_another_one_named_is_refused(self):
        other = import_pem(issue_acme('other.example.net')).certificate
        [refusal] = self.take_in(unreported(self.issued, certificate=other))
        self.assertIsInstance(refusal.error, ValidationError)

    def test_a_new_source(self):
        self.assertEqual(self.actions(item('web02', self.issued)), [Action.UNCHANGED])
        self.assertEqual(source_of('web02').certificate, self.certificate)

    def test_a_source_that_moves(self):
        report('web02', issue_acme('other.example.net'), 'copy')
        self.assertEqual(self.actions(item('web02', self.issued, 'copy')), [Action.UNCHANGED])
        self.assertEqual(source_of('web02', 'copy').certificate, self.certificate)

    def test_a_copy_that_catches_up(self):
        report('web02', self.issued, 'copy')
        new = successor(self.issued)
        report('web01', new)
        self.assertEqual(self.actions(item('web02', new, 'copy')), [Action.UNCHANGED])
        source = source_of('web02', 'copy')
        self.assertEqual((source.issuance.pem, source.behind_since), (new.pem, None))

    def test_a_source_that_is_gone_is_back(self):
        source_of('web01').mark_gone(timezone.now())
        self.assertEqual(self.actions(item('web01', self.issued)), [Action.UNCHANGED])
        self.assertEqual((source_of('web01').gone_since, source_of('web01').state), (None, 'current'))

    def test_the_settings_of_a_host_that_is_behind_change_nothing(self):
        report('web02', self.issued, 'copy')
        report('web01', successor(self.issued))
        behind = item('web02', self.issued, 'copy', description='Outdated')
        self.assertEqual(self.actions(behind), [Action.UNCHANGED])
        self.assertEqual(Certificate.objects.get().description, 'Shop')

    def assertLastCounts(self, before):
        """Assert that its settings count after those of ``before``, although alone it would change nothing."""
        last = unreported(self.issued, attributes={'description': 'Shop'})
        self.assertEqual(self.actions(before, last), [Action.RENEWED, Action.UPDATED])
        self.assertEqual(Certificate.objects.get().description, 'Shop')

    def test_settings_after_those_of_one_that_names_the_certificate(self):
        renewed = issue_acme(['www.example.net', 'shop.example.net'], left=80 * DAY)
        settings = {'description': 'Other'}
        self.assertLastCounts(unreported(renewed, certificate=self.certificate, attributes=settings))

    def test_settings_after_those_of_a_renewal_with_the_same_names(self):
        self.assertLastCounts(unreported(successor(self.issued), attributes={'description': 'Other'}))

    def test_settings_after_those_of_a_report_with_other_names(self):
        renewed = issue_acme(['www.example.net', 'shop.example.net'], left=80 * DAY)
        self.assertLastCounts(item('web01', renewed, description='Other'))

    def test_a_client_that_was_assigned_to_another_certificate(self):
        source = source_of('web01')
        source.certificate = import_pem(issue_acme('other.example.net')).certificate
        source.save()
        [result] = self.take_in(item('web01', self.issued))
        self.assertIn('and now reports', result.warnings[0])
        self.assertEqual(source_of('web01').certificate, self.certificate)

    def test_changes_of_the_source_itself(self):
        for name, value in (('client', 'lego'), ('kind', 'copy'), ('machine_id', 'a' * 64)):
            with self.subTest(name):
                each = item('web01', self.issued)
                each.kind = ''
                setattr(each, name, value)
                self.assertEqual(self.actions(each), [Action.UNCHANGED])
                self.assertEqual(getattr(source_of('web01'), name), value)

    def test_another_machine_is_refused(self):
        report('web01', self.issued, machine_id='a' * 64)
        [refusal] = self.take_in(item('web01', self.issued, machine_id='b' * 64))
        self.assertEqual(list(refusal.error.message_dict), ['external_id'])

    def test_the_only_client_returns_to_one_in_the_history(self):
        new = successor(self.issued, later=timedelta(0), ca=in_house_ca())
        report('web01', new)
        self.assertEqual(
            [self.actions(item('web01', self.issued))[0] for _night in range(3)],
            [Action.UNCHANGED, Action.RENEWED, Action.UNCHANGED],
        )

    def test_the_report_is_recorded(self):
        CertificateSource.objects.update(reported_at=timezone.now() - 3 * DAY)
        self.actions(item('web01', self.issued))
        self.assertGreater(source_of('web01').reported_at, timezone.now() - DAY)

    def test_hidden_certificates(self):
        for each in (item('web01', self.issued), unreported(self.issued)):
            for work in (intake.take_in_many, intake.plan_many):
                with self.subTest(each.external_id, work=work.__name__):
                    [refusal] = work([each], self.reader())
                    self.assertIsInstance(refusal.error, ValidationError | PermissionDenied)

    def reader(self):
        from users.models import User

        return User.objects.get_or_create(username='nobody')[0]

    def test_the_tenant_is_kept_with_a_warning(self):
        tenants = [Tenant.objects.create(name=name, slug=name) for name in ('one', 'two')]
        self.assertEqual(self.actions(item('web01', self.issued, tenant=tenants[0])), [Action.UPDATED])
        [result] = self.take_in(item('web01', self.issued, tenant=tenants[1]))
        self.assertEqual((result.action, result.certificate.tenant), (Action.UNCHANGED, tenants[0]))
        self.assertIn('The tenant was not changed', result.warnings[0])
