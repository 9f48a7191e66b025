"""``POST endpoints/results/``: each result is recorded or refused by itself, and only for permitted endpoints."""

from datetime import timedelta

from core.models import ObjectChange
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from users.models import Token, User
from utilities.testing import APITestCase, create_tags

from netbox_ssl.models import CertificateSource, Endpoint
from netbox_ssl.utilities import timestamp
from tests.support.endpoints import MONITOR, endpoint, entry, seen
from tests.support.factories import DAY, grant, issue_acme, record

URL = '/api/plugins/ssl/endpoints/results/'
MINUTE = timedelta(minutes=1)


class ResultsTestBase(APITestCase):
    def setUp(self):
        super().setUp()
        self.permission = grant(self.user, 'view', 'add', 'change', model=Endpoint)

    def send(self, *entries, code=200, **values):
        body = {'monitor': MONITOR, 'results': list(entries), **values}
        response = self.client.post(URL, body, format='json', **self.header)
        self.assertHttpStatus(response, code)
        return response.json()

    def permit(self, *actions, **constraints):
        self.permission.delete()
        self.permission = grant(self.user, *actions, constraints=constraints or None, model=Endpoint)
        # Permissions are cached on the user object.
        self.user = User.objects.get(pk=self.user.pk)


class ResultsTestCase(ResultsTestBase):
    def test_a_result(self):
        certificate = seen(issue_acme()).certificate
        known = endpoint(expected_certificate=certificate)
        since = timezone.now() - DAY
        answer = self.send(entry(result='untrusted', detail=' self-signed\ncertificate ', since=timestamp(since)))
        self.assertEqual(answer['errors'], [])
        (recorded,) = answer['results']
        self.assertEqual((recorded['index'], recorded['id'], recorded['result']), (0, known.pk, 'untrusted'))
        known.refresh_from_db()
        self.assertEqual((known.result, known.result_detail), ('untrusted', 'self-signed certificate'))
        self.assertEqual((known.result_since, known.checked_by), (since, MONITOR))
        self.assertEqual((known.certificate, known.state), (certificate, 'untrusted'))

    def test_without_a_certificate(self):
        endpoint()
        self.send(entry(result='refused'))
        found = Endpoint.objects.get()
        self.assertEqual((found.state, found.source, found.certificate), ('refused', None, None))

    def test_since_when_it_has_had_the_result(self):
        start = timezone.now() - DAY
        times = [start + number * MINUTE for number in range(4)]
        found = []
        for result, moment in zip(('ok', 'ok', 'timeout', 'ok'), times, strict=True):
            self.send(entry(result=result, checked_at=timestamp(moment), since=timestamp(start - DAY)))
            found.append(Endpoint.objects.get().result_since)
        self.assertEqual(found, [start - DAY] * 4, 'as the monitor knows it')
        self.send(entry(result='refused', since=timestamp(timezone.now() + DAY)))
        self.assertLess(Endpoint.objects.get().result_since, timezone.now(), 'never in the future')

    def test_another_certificate_than_the_expected_one(self):
        seen(issue_acme())
        endpoint(expected_certificate=record('other.example.net'))
        for result in ('ok', 'expired', 'untrusted'):
            (recorded,) = self.send(entry(result=result))['results']
            self.assertEqual(recorded['result'], 'other_certificate')
        (recorded,) = self.send(entry(result='timeout'))['results']
        self.assertEqual(recorded['result'], 'timeout', 'no certificate was seen')

    def test_sent_again_or_late(self):
        now = timezone.now() - DAY
        for moment, result in ((now, 'timeout'), (now, 'ok'), (now - MINUTE, 'ok')):
            self.send(entry(result=result, checked_at=timestamp(moment)))
        found = Endpoint.objects.get()
        self.assertEqual((found.result, found.result_checks), ('timeout', 1))

    def test_a_clock_that_is_ahead(self):
        self.send(entry(checked_at=timestamp(timezone.now() + DAY)))
        self.assertLessEqual(Endpoint.objects.get().checked_at, timezone.now())

    def test_unknown_endpoints_are_added(self):
        given = entry('[2001:DB8::7]', port=587, server_name='MAIL.example.net', starttls='smtp')
        self.send(given)
        found = Endpoint.objects.get()
        self.assertEqual(
            (found.address, found.port, found.server_name, found.starttls, found.monitor),
            ('2001:db8::7', 587, 'mail.example.net', 'smtp', MONITOR),
        )
        self.assertEqual(ObjectChange.objects.get(changed_object_id=found.pk).action, 'create')
        self.send(given)
        self.assertEqual(ObjectChange.objects.filter(changed_object_id=found.pk).count(), 1, 'results are not changes')

    def test_endpoints_of_this_monitor_first(self):
        other, anyone = endpoint(monitor='probe-2'), endpoint(monitor='')
        self.send(entry())
        self.assertEqual([each.pk for each in Endpoint.objects.filter(result='ok')], [anyone.pk])
        mine = endpoint()
        self.send(entry())
        self.assertEqual({each.pk for each in Endpoint.objects.filter(result='ok')}, {anyone.pk, mine.pk})
        other.refresh_from_db()
        self.assertEqual(other.state, 'unchecked')

    def test_a_bad_entry_does_not_cost_its_neighbours(self):
        bad = (
            ('address', entry('*.example.net')),
            ('address', entry('a b')),
            ('port', entry(port=70000)),
            ('result', entry(result='fine')),
            ('starttls', entry(starttls='gopher')),
            ('external_id', {**entry(), 'external_id': 'served:probe-2:www.example.net:443'}),
            ('external_id', {**entry(), 'external_id': 'x'}),
            ('checked_at', entry(checked_at='yesterday')),
            ('checked_at', entry(checked_at='2001-01-01T00:00:00Z')),
            ('since', entry(since=4711)),
            ('detail', entry(detail='a\0b')),
            ('__all__', None),
            ('__all__', 'www.example.net'),
        )
        for field, wrong in bad:
            with self.subTest(wrong):
                Endpoint.objects.all().delete()
                answer = self.send(entry('a.example.net'), wrong, entry('b.example.net'))
                self.assertEqual([each['index'] for each in answer['results']], [0, 2])
                self.assertEqual([(each['index'], list(each['errors'])) for each in answer['errors']], [(1, [field])])
                self.assertEqual(Endpoint.objects.count(), 2)

    def test_if_all_are_refused(self):
        answer = self.send(entry(result='fine'), code=400)
        self.assertEqual(list(answer['errors'][0]['errors']), ['result'])
        self.permit('change')
        self.assertEqual(len(self.send(entry(), code=403)['errors']), 1)

    def test_invalid_bodies(self):
        for values, field in (
            ({'monitor': ''}, 'monitor'),
            ({'monitor': 'a:b'}, 'monitor'),
            ({'results': 'x'}, 'results'),
            ({'results': [entry()] * 501}, 'results'),
            ({'machine_id': 'x' * 65}, 'machine_id'),
        ):
            with self.subTest(field):
                self.assertEqual(list(self.send(code=400, **values)), [field])
        self.assertIn('neither a colon nor a slash', self.send(code=400, monitor='a/b')['monitor'][0])
        self.assertEqual(self.send(), {'results': [], 'errors': []})

    def test_a_private_key_in_the_detail(self):
        answer = self.send(entry(detail=issue_acme().key_pem), entry('b.example.net'))
        self.assertEqual(list(answer['errors'][0]['errors']), ['detail'])
        self.assertEqual(Endpoint.objects.get().address, 'b.example.net')

    def test_another_machine_with_the_name_of_the_monitor(self):
        self.send(entry(), machine_id='a' * 64)
        answer = self.send(entry(result='timeout'), machine_id='b' * 64, code=400)
        self.assertIn('NETBOX_ACME_SOURCE', answer['errors'][0]['errors']['external_id'][0])
        self.assertEqual(Endpoint.objects.get().result, 'ok')
        Endpoint.objects.update(silent_at=timezone.now() - MINUTE)
        self.send(entry(result='timeout'), machine_id='b' * 64)

    def test_the_source_of_another_kind_is_not_taken(self):
        certificate = seen(issue_acme()).certificate
        CertificateSource.objects.update(kind='client')
        self.send(entry())
        self.assertIsNone(Endpoint.objects.get().source)
        self.assertEqual(certificate.sources.count(), 1)


class PermissionsTestCase(ResultsTestBase):
    def test_only_permitted_endpoints(self):
        for address in ('a.example.net', 'b.example.net'):
            endpoint(address)
        self.permit('change', address='a.example.net')
        answer = self.send(entry('b.example.net'), entry('a.example.net'), entry('c.example.net'))
        self.assertEqual([each['index'] for each in answer['results']], [1])
        self.assertEqual([each['index'] for each in answer['errors']], [0, 2])
        self.assertEqual(list(Endpoint.objects.exclude(result='').values_list('address', flat=True)), ['a.example.net'])

    def test_added_within_the_constraints_only(self):
        self.permit('add', address__endswith='.example.net')
        answer = self.send(entry('www.example.com'), entry('www.example.net'))
        self.assertEqual([each['index'] for each in answer['errors']], [0])
        self.assertEqual(Endpoint.objects.get().address, 'www.example.net')

    def test_within_the_constraints_afterwards(self):
        endpoint()
        self.permit('change', result='')
        self.send(entry(), code=403)
        self.assertEqual(Endpoint.objects.get().result, '')

    def test_without_permissions_or_with_a_token_that_may_not_write(self):
        self.permit('view')
        self.send(entry(), code=403)
        self.permit('change', 'add')
        Token.objects.filter(user=self.user).update(write_enabled=False)
        self.send(entry(), code=403)


class MonitorListTestCase(ResultsTestBase):
    """``GET endpoints/``: what a monitor needs to know."""

    def test_by_monitor_and_tag(self):
        mine, other, tagged = endpoint('a.example.net'), endpoint(monitor='probe-2'), endpoint(monitor='', port=8443)
        tagged.tags.add(*create_tags('Outside'))
        self.assertEqual(self.listed(monitor=MONITOR), [mine.pk])
        self.assertEqual(self.listed(tag='outside'), [tagged.pk])
        self.assertEqual(self.listed(monitor='probe-2'), [other.pk])

    def listed(self, **parameters):
        response = self.client.get('/api/plugins/ssl/endpoints/', parameters, **self.header)
        self.assertHttpStatus(response, 200)
        return [each['id'] for each in response.json()['results']]

    def test_fields(self):
        endpoint(
            '2001:db8::7', port=25, server_name='mail.example.net', starttls='smtp', interval=30, ca_file='/ca.pem'
        )
        response = self.client.get('/api/plugins/ssl/endpoints/', {'monitor': MONITOR}, **self.header)
        (found,) = response.json()['results']
        expected = {
            'address': '2001:db8::7',
            'port': 25,
            'server_name': 'mail.example.net',
            'starttls': 'smtp',
            'ca_file': '/ca.pem',
            'interval': 30,
            'monitor': MONITOR,
            'external_id': f'served:{MONITOR}:[2001:db8::7]:25/mail.example.net',
            'state': 'unchecked',
            'result': None,
        }
        self.assertEqual({name: found[name] for name in expected}, expected)

    def test_addresses_are_stored_in_their_canonical_form(self):
        base = '/api/plugins/ssl/endpoints/'
        body = {'address': 'WWW.Example.net.', 'server_name': 'www.example.net'}
        response = self.client.post(base, body, format='json', **self.header)
        self.assertHttpStatus(response, 201)
        self.assertEqual([response.json()[name] for name in body], ['www.example.net', ''])
        url = f'{base}{response.json()["id"]}/'
        response = self.client.patch(url, {'address': '[2001:DB8::7]'}, format='json', **self.header)
        self.assertEqual(response.json()['address'], '2001:db8::7')

    def test_hidden_certificates_and_objects(self):
        certificate = seen(issue_acme()).certificate
        made = endpoint(expected_certificate=certificate)
        self.send(entry())
        self.assertIsNone(self.shown(made)['certificate'])
        self.assertIsNone(self.shown(made)['expected_certificate'])
        grant(self.user, 'view')
        self.user = User.objects.get(pk=self.user.pk)
        self.assertEqual(self.shown(made)['certificate']['id'], certificate.pk)
        self.assertEqual(self.shown(made)['expected_certificate']['id'], certificate.pk)

    def shown(self, made):
        response = self.client.get(f'/api/plugins/ssl/endpoints/{made.pk}/', **self.header)
        self.assertHttpStatus(response, 200)
        return response.json()

    def test_queries_do_not_grow_with_the_list(self):
        grant(self.user, 'view')
        numbers = []
        for count in (2, 8):
            for number in range(count):
                address = f'www{number}.example.net'
                if not Endpoint.objects.filter(address=address).exists():
                    certificate = seen(issue_acme(address), f'{address}:443').certificate
                    endpoint(address, expected_certificate=certificate)
                    self.send(entry(address))
            with CaptureQueriesContext(
                connection,
            ) as captured:
                self.listed()
            numbers.append(len(captured))
        self.assertEqual(*numbers)
