"""Findings: Python and SQL compared with each other, and with cases from standards."""

from datetime import UTC, datetime, timedelta

from django.test import SimpleTestCase
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from netbox_ssl.findings import finding_q, findings_of
from netbox_ssl.findings.lifetimes import SCHEDULE, longest_lifetime
from netbox_ssl.findings.rules import RULES
from netbox_ssl.models import Certificate
from netbox_ssl.x509.algorithms import SIGNATURE_ALGORITHMS

SECOND = timedelta(seconds=1)
ISSUED = datetime(2026, 6, 1, tzinfo=UTC)
GOOD = {
    'name': 'www.example.net',
    'subject': 'CN=www.example.net',
    'issuer': "CN=R12,O=Let's Encrypt,C=US",
    'valid_from': ISSUED,
    'valid_to': ISSUED + timedelta(days=90),
    'subject_alt_names': ['www.example.net'],
    'key_algorithm': 'ECDSA',
    'key_size': 256,
    'signature_algorithm': 'sha256WithRSAEncryption',
    'is_acme': True,
    'acme_auto_renewal': True,
}


def certificate(**columns) -> Certificate:
    return Certificate(**{**GOOD, **columns})


class RulesTestCase(SimpleTestCase):
    def assertFound(self, expected: set[str], **columns):
        self.assertEqual(set(findings_of(certificate(**columns))), expected)

    def test_none(self):
        self.assertFound(set())

    def test_keys(self):
        for algorithm, bits, weak in (
            ('RSA', 2047, True),
            ('RSA', 2048, False),
            ('rsa', 1024, True),
            ('DSA', 1024, True),
            ('ECDSA', 255, True),
            ('ECDSA', 256, False),
            ('Ed25519', 256, False),
            # Sizes of other kinds are not comparable.
            ('SLH-DSA-SHA2-128s', 256, False),
            ('RSA', None, False),
            ('', 512, False),
        ):
            with self.subTest(algorithm=algorithm, bits=bits):
                self.assertFound({'weak_key'} if weak else set(), key_algorithm=algorithm, key_size=bits)

    def test_signatures(self):
        weak = {name for name in SIGNATURE_ALGORITHMS.values() if findings_of(certificate(signature_algorithm=name))}
        expected = {'md2WithRSAEncryption', 'md4WithRSAEncryption', 'md5WithRSAEncryption', 'sha1WithRSAEncryption'}
        self.assertEqual(weak, expected | {'sha1WithRSA', 'ecdsa-with-SHA1', 'dsaWithSHA1'})
        self.assertFound({'weak_signature'}, signature_algorithm='SHA-1 with RSA')

    def test_the_signature_of_a_root_does_not_matter(self):
        root = {'is_ca': True, 'subject': 'CN=Root', 'issuer': 'CN=Root', 'subject_alt_names': []}
        self.assertFound(set(), signature_algorithm='sha1WithRSAEncryption', **root)
        self.assertFound({'weak_signature'}, signature_algorithm='sha1WithRSAEncryption', is_ca=True)

    def test_lifetimes_by_date_of_issue(self):
        for issued, longest in (
            ('2018-02-28', None),
            ('2018-03-01', 825),
            ('2020-08-31', 825),
            ('2020-09-01', 398),
            ('2026-03-14', 398),
            ('2026-03-15', 200),
            ('2027-03-14', 200),
            ('2027-03-15', 100),
            ('2029-03-14', 100),
            ('2029-03-15', 47),
            ('2040-01-01', 47),
        ):
            start = datetime.fromisoformat(f'{issued}T23:59:59+00:00')
            allowed = None if longest is None else timedelta(days=longest)
            with self.subTest(issued):
                self.assertEqual(longest_lifetime(start), allowed)
                span = allowed or timedelta(days=5000)
                self.assertFound(set(), valid_from=start, valid_to=start + span - SECOND)
                # The last second counts as well.
                found = set() if longest is None else {'long_lifetime'}
                self.assertFound(found, valid_from=start, valid_to=start + span)

    def test_a_ca_certificate_may_be_valid_for_long(self):
        self.assertFound(set(), is_ca=True, valid_to=ISSUED + timedelta(days=9000), subject_alt_names=[])

    def test_names(self):
        self.assertFound({'no_san'}, subject_alt_names=[])

    def test_chain(self):
        self.assertFound({'chain_ends_first'}, chain_valid_to=GOOD['valid_to'] - SECOND)
        self.assertFound(set(), chain_valid_to=GOOD['valid_to'])

    def test_staging(self):
        self.assertFound({'staging'}, acme_provider="Let's Encrypt (staging)")
        self.assertFound({'staging'}, issuer="CN=(STAGING) Riddling Rhubarb R12,O=(STAGING) Let's Encrypt,C=US")

    def test_self_signed(self):
        own = {'issuer': GOOD['subject']}
        self.assertFound({'self_signed'}, **own)
        self.assertFound({'self_signed'}, authority_key_id='AB', subject_key_id='AB', **own)
        # Signed by another key of the same name
        self.assertFound(set(), authority_key_id='AB', subject_key_id='CD', **own)
        # A server certificate with CA:TRUE, and a root
        self.assertFound({'self_signed'}, is_ca=True, **own)
        self.assertFound(set(), is_ca=True, subject_alt_names=[], **own)
        self.assertFound(set(), subject='', issuer='')

    def test_not_automatic(self):
        self.assertFound({'not_automatic'}, is_acme=False)
        self.assertFound({'not_automatic'}, acme_auto_renewal=False)


names = st.sampled_from(['', 'CN=a', 'CN=b', 'O=(STAGING) x', 'staging', 'STAGING', 'ſtaging'])
keys = st.sampled_from(['', 'AA', 'BB'])
starts = st.sampled_from(
    [start + shift for start, _days in SCHEDULE for shift in (-SECOND, timedelta(0), SECOND)]
    + [datetime(10, 1, 1, tzinfo=UTC), datetime(9990, 1, 1, tzinfo=UTC)]
)
spans = st.sampled_from(
    [
        timedelta(days=days) + shift
        for days in (0, 47, 100, 200, 398, 825, 3000)
        for shift in (-SECOND, timedelta(0), SECOND)
    ]
)
algorithms = ['', 'RSA', 'rsa', 'rſa', 'RSA\n', 'DSA', 'ECDSA', 'EC', 'Ed25519', 'RSA 2']
signatures = ['', 'sha1WithRSA', 'SHA-1', 'sha128', 'ſha1', 'md5', 'md5\n', 'md51', 'ecdsa-with-SHA1', 'SHAKE-128s']
cases = st.fixed_dictionaries(
    {
        'subject': names,
        'issuer': names,
        'valid_from': starts,
        'span': spans,
        'subject_alt_names': st.sampled_from([[], ['a'], ['*.a', 'b']]),
        'key_algorithm': st.sampled_from(algorithms),
        'key_size': st.none() | st.sampled_from([0, 255, 256, 2047, 2048]),
        'signature_algorithm': st.sampled_from([*signatures, *SIGNATURE_ALGORITHMS.values()]),
        'is_ca': st.booleans(),
        'is_acme': st.booleans(),
        'acme_auto_renewal': st.booleans(),
        'acme_provider': names,
        'authority_key_id': keys,
        'subject_key_id': keys,
        'chain': st.none() | spans,
    }
)


class AgreementTestCase(TestCase):
    @settings(max_examples=30)
    @given(st.lists(cases, min_size=10, max_size=30))
    def test_python_and_sql_agree(self, batch):
        rows = []
        for case in batch:
            span, chain = case.pop('span'), case.pop('chain')
            end = case['valid_from'] + span
            rows.append(Certificate(valid_to=end, chain_valid_to=None if chain is None else end - chain / 4, **case))
        rows = Certificate.objects.bulk_create(rows)
        for finding, rule in RULES.items():
            found = set(Certificate.objects.filter(finding_q(finding)).values_list('pk', flat=True))
            self.assertEqual(found, {row.pk for row in rows if rule.holds(row)}, finding)

    def test_through_a_relation(self):
        strange = Certificate.objects.create(**{**GOOD, 'key_size': 192})
        # Not saved, because saving reads it from the chain
        Certificate.objects.update(chain_valid_to=ISSUED)
        strange.sources.create(external_id='certbot:a:b')
        for finding in (*RULES, 'wide_wildcard'):
            sources = strange.sources.filter(finding_q(finding, prefix='certificate__'))
            self.assertEqual(sources.exists(), finding in ('weak_key', 'chain_ends_first'), finding)
