"""Lists of results: those of known endpoints are recorded together, and each as if it were alone."""

from datetime import timedelta

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from users.models import User

from netbox_ssl.intake import Refusal
from netbox_ssl.intake.endpoint_results import CheckResult, take_results
from netbox_ssl.models import Endpoint
from tests.support.endpoints import MONITOR, endpoint, entry, seen
from tests.support.factories import grant, issue_acme, superuser

NAMES = [f'www{number}.example.net' for number in range(12)]


class ResultsTogetherTestCase(TestCase):
    def setUp(self):
        self.now = timezone.now()
        self.user = superuser()

    def take(self, *entries):
        """Take results, reported a minute after the previous ones. Return ``ok``, or the refused fields, of each."""
        self.now += timedelta(minutes=1)
        given = {'server_name': '', 'starttls': '', 'detail': '', 'since': None, 'checked_at': self.now}
        results = [CheckResult(**{**given, **each}) for each in entries]
        outcomes = take_results(results, MONITOR, '', self.user, now=self.now)
        return [type(each.error).__name__ if isinstance(each, Refusal) else each.address for each in outcomes]

    def stored(self, column='result') -> dict:
        return dict(Endpoint.objects.values_list('address', column))

    def sources(self) -> dict:
        return self.stored('source__external_id')

    def test_queries_do_not_grow_with_the_list(self):
        for name in NAMES:
            endpoint(name)
            seen(issue_acme(name), f'{name}:443')
        self.user = User.objects.create_user('monitor')
        grant(self.user, 'view', 'change', model=Endpoint, constraints={'monitor': MONITOR})
        # Its permissions are read once.
        self.take(entry(NAMES[0]))
        numbers = []
        for names in (NAMES[:2], NAMES):
            with CaptureQueriesContext(connection) as captured:
                self.assertEqual(self.take(*map(entry, names)), names)
            numbers.append(len(captured))
        self.assertEqual(*numbers)
        self.assertEqual(set(self.stored().values()), {'ok'})
        self.assertEqual(self.sources(), {name: f'served:{MONITOR}:{name}:443' for name in NAMES})

    def test_all_columns_are_stored(self):
        endpoint('a.example.net')
        self.take(entry('a.example.net'))
        self.take(entry('a.example.net', 'refused', detail="it's\n“closed”"))
        found = Endpoint.objects.get()
        columns = ('result', 'reported_result', 'result_detail', 'checked_at', 'result_since', 'checked_by')
        expected = ('refused', 'refused', "it's\n“closed”", self.now, self.now, MONITOR)
        self.assertEqual(tuple(getattr(found, name) for name in columns), expected)
        self.assertEqual((found.result_checks, found.outcome_checks, found.announced_result), (1, 1, 'ok'))

    def test_several_results_of_one_endpoint(self):
        endpoint('a.example.net')
        endpoint('b.example.net')
        first = self.now + timedelta(seconds=30)
        self.take(
            entry('a.example.net', 'ok', checked_at=first), entry('b.example.net'), entry('a.example.net', 'timeout')
        )
        self.assertEqual(self.stored(), {'a.example.net': 'timeout', 'b.example.net': 'ok'})
        self.assertEqual(Endpoint.objects.get(address='a.example.net').announced_result, 'ok', 'the first one counts')

    def test_endpoints_exchange_their_sources(self):
        names = ['a.example.net', 'b.example.net']
        ids = [f'served:{MONITOR}:{name}:443' for name in names]
        for name in names:
            endpoint(name)
            seen(issue_acme(name), f'{name}:443')
        self.take(*map(entry, names))
        self.assertEqual(self.sources(), dict(zip(names, ids, strict=True)))
        self.take(*({**entry(name), 'external_id': other} for name, other in zip(names, reversed(ids), strict=True)))
        self.assertEqual(self.sources(), dict(zip(names, reversed(ids), strict=True)))

    def test_two_endpoints_with_one_external_id(self):
        for address in ('a.example.net', 'b.example.net'):
            endpoint(address)
        seen(issue_acme('a.example.net'), 'a.example.net:443')
        external_id = f'served:{MONITOR}:a.example.net:443'
        self.take(*({**entry(f'{name}.example.net'), 'external_id': external_id} for name in 'ab'))
        self.assertEqual(self.sources(), {'a.example.net': None, 'b.example.net': external_id}, 'the last one')

    def test_a_new_endpoint_takes_a_source(self):
        endpoint('a.example.net')
        seen(issue_acme('a.example.net'), 'a.example.net:443')
        self.take(entry('a.example.net'))
        external_id = f'served:{MONITOR}:a.example.net:443'
        self.take({**entry('new.example.net'), 'external_id': external_id}, entry('a.example.net', 'refused'))
        self.assertEqual(self.stored(), {'a.example.net': 'refused', 'new.example.net': 'ok'})
        self.assertEqual(self.sources(), {'a.example.net': external_id, 'new.example.net': None})

    def test_one_that_leaves_the_permissions_does_not_cost_the_others(self):
        for name in NAMES[:3]:
            endpoint(name)
        self.user = User.objects.create_user('monitor')
        grant(self.user, 'view', 'change', model=Endpoint, constraints={'result__in': ['', 'ok']})
        found = self.take(entry(NAMES[0]), entry(NAMES[1], 'refused'), entry(NAMES[2]))
        self.assertEqual(found, [NAMES[0], 'PermissionsViolation', NAMES[2]])
        self.assertEqual(self.stored(), {NAMES[0]: 'ok', NAMES[1]: '', NAMES[2]: 'ok'})
