"""REST: sources and issuances do not reveal certificates that the user may not view, and cannot be attached to them."""

from utilities.testing import APITestCase

from netbox_ssl.models import CertificateAssignment, CertificateSource
from tests.support.factories import grant, issue_acme
from tests.support.hidden import HiddenCertificateMixin
from tests.support.places import assign, device

URL = '/api/plugins/ssl/'


class HiddenTestCase(HiddenCertificateMixin, APITestCase):
    def get(self, path, code=200):
        response = self.client.get(f'{URL}{path}', **self.header)
        self.assertHttpStatus(response, code)
        return response

    def send(self, method, path, data, code):
        response = getattr(self.client, method)(f'{URL}{path}', data, format='json', **self.header)
        self.assertHttpStatus(response, code)
        if 'Secret' not in str(data):
            self.assertNothingRevealed(response)
        return response


class ReadingTestCase(HiddenTestCase):
    def test_the_certificate_is_null(self):
        for kind, seen, hidden in (
            ('sources', self.source, self.hidden_source),
            ('issuances', self.seen.issuances.get(), self.hidden.issuances.get()),
        ):
            for query in ('', '?ordering=certificate', '?q=example', '?exclude=config_context'):
                with self.subTest(kind, query=query):
                    response = self.get(f'{kind}/{query}')
                    self.assertNothingRevealed(response)
            results = {each['id']: each for each in self.get(f'{kind}/').json()['results']}
            self.assertEqual(results[seen.pk]['certificate']['name'], 'Seen')
            self.assertIsNone(results[hidden.pk]['certificate'])
            self.assertIsNone(self.get(f'{kind}/{hidden.pk}/').json()['certificate'])

    def test_the_issuance_needs_its_own_permission(self):
        self.assertEqual(self.get(f'sources/{self.source.pk}/').json()['issuance']['id'], self.seen.issuances.get().pk)
        self.remove_permissions('netbox_ssl.view_issuance')
        for source in (self.source, self.hidden_source):
            self.assertIsNone(self.get(f'sources/{source.pk}/').json()['issuance'])

    def test_superusers_see_all(self):
        self.user.is_superuser = True
        self.user.save()
        self.assertEqual(self.get(f'sources/{self.hidden_source.pk}/').json()['certificate']['name'], 'Secret project')

    def test_responses_to_writing(self):
        response = self.send('patch', f'sources/{self.hidden_source.pk}/', {'client': 'lego'}, 200)
        self.assertIsNone(response.json()['certificate'])
        data = [{'id': self.hidden_source.pk, 'client': 'certbot'}]
        self.assertIsNone(self.send('patch', 'sources/', data, 200).json()[0]['certificate'])


class ReferringTestCase(HiddenTestCase):
    """A reference to a certificate is no way to search what belongs to it."""

    def paths(self):
        host = device('top secret')
        assign(self.seen, host)
        for path, right in (
            ('sources__reporter__password__startswith', 'p'),
            ('sources__external_id__startswith', self.source.external_id[:3]),
            ('assignments__device__name__startswith', 'top'),
            ('issuances__pem__contains', 'BEGIN'),
            ('name__startswith', 'S'),
        ):
            yield {path: right}
            yield {path: 'wrong'}
        yield {'sources': {'external_id__startswith': self.source.external_id[:3]}}
        yield {'name': {'startswith': 'S'}}

    def test_only_by_own_columns(self):
        grant(self.user, 'add', 'change', constraints={'name': 'Seen'})
        grant(self.user, 'view', 'add', model=CertificateAssignment)
        pem = issue_acme('new.example.net').pem
        for path in self.paths():
            for method, url, data in (
                ('post', 'sources/', {'external_id': 'lego:c:www'}),
                ('patch', f'sources/{self.source.pk}/', {}),
                ('post', 'certificate-assignments/', {'assigned_object_type': 'dcim.device', 'assigned_object_id': 1}),
                ('post', 'certificates/import/', {'pem': pem}),
            ):
                with self.subTest(path, url=url, method=method):
                    response = self.send(method, url, {**data, 'certificate': {'pk': self.seen.pk, **path}}, 400)
                    self.assertIn('certificate', response.json())

    def test_by_own_columns(self):
        data = {'external_id': 'lego:c:www', 'certificate': {'name': 'Seen'}}
        self.assertEqual(self.send('post', 'sources/', data, 201).json()['certificate']['id'], self.seen.pk)


class FilteringTestCase(HiddenTestCase):
    def test_a_hidden_certificate_is_the_same_as_an_absent_one(self):
        for kind in ('sources', 'issuances'):
            for name, hidden, absent in (
                ('certificate_id', self.hidden.pk, 4_711_000),
                ('certificate', 'Secret project', 'No such name'),
                ('certificate_id__n', self.hidden.pk, 4_711_000),
            ):
                with self.subTest(kind, name=name):
                    answers = [self.client.get(f'{URL}{kind}/', {name: v}, **self.header) for v in (hidden, absent)]
                    codes = {answer.status_code for answer in answers}
                    self.assertEqual(len(codes), 1, codes)
                    texts = {
                        answer.content.decode().replace(str(v), '')
                        for answer, v in zip(answers, (hidden, absent), strict=True)
                    }
                    self.assertEqual(len(texts), 1, texts)

    def test_issuances(self):
        self.remove_permissions('netbox_ssl.view_issuance')
        hidden = self.hidden.issuances.get().pk
        codes = {
            self.client.get(f'{URL}sources/?issuance_id={pk}', **self.header).status_code for pk in (hidden, 4_711_000)
        }
        self.assertEqual(codes, {400})

    def test_the_search_does_not_read_hidden_names(self):
        for kind in ('sources', 'issuances'):
            self.assertEqual(self.get(f'{kind}/?q=secret').json()['count'], 0)
            self.assertEqual(self.get(f'{kind}/?q=seen').json()['count'], 1)

    def test_states_of_sources_without_permission(self):
        CertificateSource.objects.update(behind_since='2026-01-01T00:00:00Z', behind_scaled_at='2026-01-02T00:00:00Z')
        self.assertEqual(self.get('certificates/?source_behind=true').json()['count'], 1)
        self.remove_permissions('netbox_ssl.view_certificatesource')
        for name in ('source_behind', 'source_silent'):
            self.assertEqual(self.get(f'certificates/?{name}=true').json()['count'], 0)
            self.assertEqual(self.get(f'certificates/?{name}=false').json()['count'], 1)


class AttachingTestCase(HiddenTestCase):
    def test_a_hidden_certificate_cannot_be_chosen(self):
        for value in (self.hidden.pk, {'id': self.hidden.pk}, {'name': 'Secret project'}):
            with self.subTest(value):
                self.send('post', 'sources/', {'certificate': value, 'external_id': 'mine'}, 400)
                self.send('patch', f'sources/{self.source.pk}/', {'certificate': value}, 400)
                self.send('patch', 'sources/', [{'id': self.source.pk, 'certificate': value}], 400)
        self.source.refresh_from_db()
        self.assertEqual(self.source.certificate, self.seen)
        self.assertFalse(CertificateSource.objects.filter(external_id='mine').exists())

    def test_the_refusal_is_the_same_as_for_an_absent_one(self):
        for kind in ('sources', 'certificate-assignments'):
            grant(self.user, 'add', model=CertificateAssignment)
            answers = set()
            for pk in (self.hidden.pk, 4_711_000):
                data = {
                    'certificate': pk,
                    'external_id': 'mine',
                    'assigned_object_type': 'dcim.device',
                    'assigned_object_id': 1,
                }
                response = self.client.post(f'{URL}{kind}/', data, format='json', **self.header)
                answers.add((response.status_code, str(response.json()['certificate']).replace(str(pk), 'ID')))
            self.assertEqual(len(answers), 1, answers)

    def test_a_visible_one_can_be_chosen(self):
        self.send('post', 'sources/', {'certificate': self.seen.pk, 'external_id': 'mine'}, 201)
        self.send('post', 'sources/', {'certificate': {'name': 'Seen'}, 'external_id': 'also mine'}, 201)

    def test_a_hidden_primary_certificate_is_not_mentioned(self):
        host = device()
        assign(self.hidden, host, primary=True)
        grant(self.user, 'add', 'view', model=CertificateAssignment)
        grant(self.user, 'view', model=type(host))
        data = {'certificate': self.seen.pk, 'assigned_object_type': 'dcim.device', 'assigned_object_id': host.pk}
        response = self.send('post', 'certificate-assignments/', {**data, 'primary': True}, 400)
        self.assertNotIn('already', response.content.decode())
        self.send('post', 'certificate-assignments/', data, 201)
