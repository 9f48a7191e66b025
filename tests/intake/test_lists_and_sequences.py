"""Random lists over REST have the same results as their entries in sequence."""

import json
import re
from contextlib import contextmanager

from django.db import transaction
from django.test import Client
from django.urls import reverse
from extras.models import Tag
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from tenancy.models import Tenant

from netbox_ssl.models import Certificate, CertificateSource
from netbox_ssl.models.mixins.acme import ACME_FIELDS
from tests.support.factories import DAY, in_house_ca, issue_acme, superuser
from tests.support.histories import examples
from tests.support.reporting import external_id

# X.509 certificates: names and key of www, renewed twice, with another CA, with more names; and of others
ISSUED = (
    issue_acme('www.example.net', 20 * DAY),
    issue_acme('www.example.net', 60 * DAY),
    issue_acme('www.example.net', 80 * DAY),
    issue_acme('www.example.net', 80 * DAY, ca=in_house_ca()),
    issue_acme(['www.example.net', 'shop.example.net'], 85 * DAY),
    issue_acme('www.example.net', -3 * DAY),
    issue_acme('shop.example.net', 50 * DAY),
    issue_acme('other.example.net', 50 * DAY),
)
SETTINGS = (
    {},
    {'description': 'The shop'},
    {'description': 'The office'},
    {'acme_auto_renewal': True},
    {'acme_last_renewed': '2026-01-02T00:00:00Z', 'is_acme': True},
    {'tenant': {'slug': 'one'}},
    {'add_tags': [{'slug': 'payment'}]},
    {'tags': []},
    {'acme_renewal_days': 90},
    {'key_algorithm': 'RSA'},
)
# Columns of a certificate, and times of a source of which it is compared whether they are set
SHOWN = ('pem', 'chain_pem', 'name', 'status', 'description', 'acme_pinned_fields', 'reported_only', *ACME_FIELDS)
MOMENTS = ('reported_at', 'issuance_since', 'behind_since', 'behind_scaled_at', 'silent_scaled_at', 'gone_since')
HOSTS = ('web01', 'web02', 'web03')

issued = st.integers(0, len(ISSUED) - 1)
entries = st.fixed_dictionaries(
    {
        'issued': issued,
        # None: not a report
        'host': st.sampled_from((None, *HOSTS)),
        'kind': st.sampled_from(('', 'client', 'copy')),
        'machine_id': st.sampled_from(('', '', 'a' * 64, 'b' * 64)),
        'settings': st.sampled_from(SETTINGS),
        # Without its chain, or with it
        'chain': st.booleans(),
        # Whether it names the first certificate
        'named': st.sampled_from((False, False, False, True)),
    }
)


def entry(issued, host, kind, machine_id, settings, chain, named) -> dict:
    """Return an entry of the request."""
    each = {'pem': ISSUED[issued].fullchain_pem if chain else ISSUED[issued].pem, **settings}
    if named and (first := Certificate.objects.order_by('pk').first()):
        each['certificate'] = first.pk
    if host:
        each |= {'external_id': external_id(host), 'kind': kind, 'machine_id': machine_id}
    return {name: value for name, value in each.items() if value != ''}


class ListsAndSequencesTestCase(TestCase):
    def setUp(self):
        super().setUp()
        self.url = reverse('plugins-api:netbox_ssl-api:certificate-import')
        self.client = Client()
        self.client.force_login(superuser())
        Tenant.objects.create(name='one', slug='one')
        Tag.objects.create(name='Payment', slug='payment')

    @examples(8)
    @given(
        st.lists(entries, max_size=5),
        st.lists(st.one_of(st.integers(0, 4), entries), min_size=1, max_size=6),
    )
    def test_same_results(self, before, batch):
        """``batch``: entries, or places in ``before``, whose entries are repeated."""
        before = [entry(**each) for each in before] or [entry(0, 'web01', 'client', '', {}, True, False)]
        for each in before:
            self.send(each)
        batch = [before[each % len(before)] if isinstance(each, int) else entry(**each) for each in batch]
        with self.undone():
            as_list = self.send_list(batch), self.stored()
        with self.undone():
            in_sequence = [self.send(each) for each in batch], self.stored()
        self.assertEqual(as_list, in_sequence)

    @contextmanager
    def undone(self):
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def post(self, data, query=''):
        return self.client.post(f'{self.url}{query}', json.dumps(data), content_type='application/json')

    def send(self, entry) -> tuple:
        """Return the action and the warnings, or the fields with errors."""
        response = self.post(entry)
        answer = response.json()
        if response.status_code in (200, 201):
            return outcome(answer)
        return sorted(answer)

    def send_list(self, batch) -> list:
        response = self.post(batch, '?on_error=skip')
        self.assertEqual(response.status_code, 200, response.content)
        answer = response.json()
        found = {each['index']: outcome(each) for each in answer['results']}
        found |= {each['index']: sorted(each['errors']) for each in answer['errors']}
        return [found[index] for index in range(len(batch))]

    def stored(self) -> tuple[list, list]:
        """Return what is stored, without IDs and times of reports."""
        certificates = [
            {
                **{name: getattr(each, name) for name in SHOWN},
                'tenant': each.tenant and each.tenant.slug,
                'tags': sorted(each.tags.values_list('slug', flat=True)),
                'issuances': sorted(each.issuances.values_list('pem', 'chain_pem')),
                'is_unreported': each.unreported_since is not None,
            }
            for each in Certificate.objects.all()
        ]
        sources = [
            {
                **{name: getattr(each, name) for name in ('external_id', 'client', 'kind', 'machine_id', 'is_watched')},
                **{f'has {name}': getattr(each, name) is not None for name in MOMENTS},
                'issuance': each.issuance.pem,
                'certificate': each.certificate.pem,
                'valid_to': each.valid_to,
            }
            for each in CertificateSource.objects.select_related('issuance', 'certificate')
        ]
        return sorted(certificates, key=repr), sorted(sources, key=repr)


def outcome(answer: dict) -> tuple:
    # New certificates have other IDs.
    return answer['action'], [re.sub(r'\(ID \d+\)', '', each) for each in answer['warnings']]
