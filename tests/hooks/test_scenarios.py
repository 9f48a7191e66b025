"""
Situations of hosts over several renewals, reported by the real hooks to a real inventory, with the events that a
webhook receives: none false, none missing. See also ``tests/intake/test_scenarios.py``.
"""

import shutil
from pathlib import Path

import pytest

from netbox_ssl.models import Certificate, CertificateSource
from tests.hooks import lineages
from tests.hooks.running import Host
from tests.support import programs
from tests.support.certificate_factory import make_ca
from tests.support.timeline import Timeline, a_year_ago

pytestmark = pytest.mark.django_db

# Days between renewals: early, so that three rounds take few runs of the hooks
ROUND = 12
# Nights between two runs: hosts are silent after seven, and are behind after two.
EVERY = 3


@pytest.fixture
def timeline():
    made = Timeline(a_year_ago())
    yield made
    made.close()


class Machine:
    """A host with certbot in its default directory, whose hook reports to an inventory."""

    def __init__(self, folder: Path, shell: str, netbox, timeline: Timeline, name: str, machine_id: str = ''):
        folder.mkdir()
        self.netbox, self.timeline = netbox, timeline
        self.directory = folder / 'letsencrypt'
        self.directory.mkdir()
        self.host = Host(folder, shell, netbox.url)
        self.hooks = self.host.hooks_with(certbot=self.directory)
        self.host.environment |= {
            'NETBOX_ACME_SOURCE': name,
            'NETBOX_ACME_MACHINE_ID': machine_id or name.ljust(64, 'x').replace('.', '-'),
            'NETBOX_ACME_AUTO_RENEWAL': 'true',
        }

    def rename(self, name: str) -> None:
        self.host.environment['NETBOX_ACME_SOURCE'] = name

    def has(self, issued, name: str = 'www', directory: Path | None = None) -> None:
        """Let certbot have this X.509 certificate as the lineage ``name``."""
        directory = directory or self.directory
        if not (live := directory / 'live' / name).exists():
            lineages.certbot(directory, name, issued)
        (live / 'fullchain.pem').resolve().write_text(issued.fullchain_pem)

    def delete(self, name: str) -> None:
        """Do what ``certbot delete`` does."""
        for folder in ('live', 'archive'):
            shutil.rmtree(self.directory / folder / name)
        (self.directory / 'renewal' / f'{name}.conf').unlink()

    def sync(self, hook: str = 'certbot.sh', directory: Path | None = None, refused: bool = False) -> list:
        """Run the nightly hook. Return the responses of NetBox to its report and its list; the first may be refused."""
        now = int(self.timeline.now.timestamp())
        self.host.program('date', f'exec "{programs.find("date")}" -d @{now} "$@"')
        run = self.host.run(self.hooks / hook, '--sync', directory or self.directory)
        assert run.code == 0, run.stderr
        requests = [*self.netbox.reports, *self.netbox.syncs]
        self.netbox.reports.clear()
        self.netbox.syncs.clear()
        answers = [self.timeline.post(request.path, request.items) for request in requests]
        codes = [code for code, _answer in answers]
        assert all(code < 300 for code in codes[refused:]) and (codes[0] == 400 or not refused), answers
        return [answer for _code, answer in answers]


@pytest.fixture
def machine(request, tmp_path, netbox, host, timeline):
    """Return a function that makes a machine with this name."""
    shell = 'busybox' if host.is_busybox else 'dash'
    made = []

    def make(name: str, machine_id: str = '') -> Machine:
        made.append(name)
        return Machine(tmp_path / f'machine{len(made)}', shell, netbox, timeline, name, machine_id)

    return make


def nights(timeline: Timeline, end: int):
    """Yield every third night, and which renewal it is."""
    for night in range(0, end, EVERY):
        with timeline.at(night + 0.1):
            yield night, night // ROUND


def test_a_test_host_with_staging(machine, timeline):
    """Situation 2."""
    staging = make_ca("(STAGING) Let's Encrypt", '(STAGING) Wannabe Watercress R11')
    production, tests = ([timeline.issue(ROUND * number, ca=ca) for number in range(3)] for ca in (None, staging))
    web01, web02, test = (machine(name) for name in ('web01.example.net', 'web02.example.net', 'test.example.net'))
    for _night, number in nights(timeline, 3 * ROUND):
        for each, issued in ((web01, production), (web02, production), (test, tests)):
            each.has(issued[number])
            each.sync()
    assert timeline.events == []
    assert Certificate.objects.count() == 2
    tested = Certificate.objects.get(sources__external_id='certbot:test.example.net:www')
    assert tested.acme_provider == "Let's Encrypt (staging)"


def test_the_issuer_adds_a_name(machine, timeline):
    """Situations 5 and 15: its files are copied to two hosts, on one of which the copying fails."""
    names = ['www.example.net', 'shop.example.net']
    issued = [timeline.issue(0), timeline.issue(ROUND, names), timeline.issue(2 * ROUND, names)]
    issuer, copy, stuck = (machine(name) for name in ('issuer', 'copy', 'stuck'))
    for _night, number in nights(timeline, 3 * ROUND):
        issuer.has(issued[number])
        issuer.sync()
        copy.has(issued[number])
        copy.sync()
        stuck.has(issued[0])
        stuck.sync()
    assert Certificate.objects.count() == 1
    assert timeline.events == [(15, 'stuck behind'), (30, 'stuck expired')]
    assert timeline.states() == {
        'certbot:issuer:www': 'current',
        'certbot:copy:www': 'current',
        'certbot:stuck:www': 'expired',
    }


def test_two_hosts_of_one_name(machine, timeline):
    """Situation 6: the second is refused with a clear message, and nothing of the first one changes."""
    issued = [timeline.issue(ROUND * number, 'a.example.net') for number in range(2)]
    other = timeline.issue(0, 'b.example.net')
    first, second = machine('web01', 'a' * 64), machine('web01', 'b' * 64)
    for _night, number in nights(timeline, 2 * ROUND):
        first.has(issued[number], 'default')
        first.sync()
        second.has(other, 'default')
        answer, _listed = second.sync(refused=True)
        (refused,) = answer['errors']
        assert 'NETBOX_ACME_SOURCE' in refused['errors']['external_id'][0]
    assert timeline.events == []
    certificate = Certificate.objects.get()
    assert (certificate.name, certificate.pem) == ('a.example.net', issued[1].pem)
    assert timeline.states() == {'certbot:web01:default': 'current'}


def test_a_lineage_gets_wholly_other_names(machine, timeline):
    """Situation 6: nothing is renewed, and the first certificate is shown as unreported."""
    first, second = (timeline.issue(0, name) for name in ('a.example.net', 'b.example.net'))
    web01 = machine('web01')
    for night, _number in nights(timeline, ROUND):
        web01.has(second if night >= 9 else first, 'default')
        web01.sync()
    assert timeline.events == []
    assert [each.unreported_since is None for each in Certificate.objects.order_by('name')] == [False, True]


def test_a_host_is_renamed(machine, timeline):
    """Situation 11: between two renewals."""
    issued = [timeline.issue(ROUND * number) for number in range(3)]
    web = machine('web01.example.net')
    for night, number in nights(timeline, 3 * ROUND):
        if night == 2 * EVERY:
            web.rename('shop01.example.net')
        web.has(issued[number])
        web.sync()
    assert timeline.events == []
    assert timeline.states() == {'certbot:web01.example.net:www': 'gone', 'certbot:shop01.example.net:www': 'current'}
    assert Certificate.objects.get().pem == issued[2].pem


def test_a_certificate_is_deleted(machine, timeline):
    """Situation 11: ``certbot delete`` of one of two hosts."""
    issued = [timeline.issue(ROUND * number) for number in range(3)]
    web01, web02 = machine('web01'), machine('web02')
    for night, number in nights(timeline, 3 * ROUND):
        if night < 2 * EVERY:
            web01.has(issued[number])
        elif night == 2 * EVERY:
            web01.has(issued[number], 'other')
            web01.delete('www')
        else:
            web01.has(issued[number], 'other')
        web01.sync()
        web02.has(issued[number])
        web02.sync()
    assert timeline.events == []
    assert timeline.states() == {
        'certbot:web01:www': 'gone',
        'certbot:web01:other': 'current',
        'certbot:web02:www': 'current',
    }


def test_caddy_changes_the_ca(machine, timeline, tmp_path):
    """Situation 11: it leaves the folder of the former CA."""
    storage = tmp_path / 'caddy'
    (storage / 'acme').mkdir(parents=True)
    zerossl = make_ca('ZeroSSL', 'ZeroSSL RSA Domain Secure Site CA')
    web = machine('web01')
    for night, number in nights(timeline, 3 * ROUND):
        if night % ROUND == 0:
            issuer, ca = ('zerossl', zerossl) if number else ('letsencrypt', None)
            issued, name = timeline.issue(ROUND * number, ca=ca), 'www.example.net'
            lineages.written(storage / 'certificates' / issuer / name / f'{name}.crt', issued.fullchain_pem)
        web.sync('caddy.sh', storage)
    found = timeline.states()
    assert sorted(found.values()) == ['current', 'gone']
    assert next(name for name, state in found.items() if state == 'gone').endswith(':letsencrypt/www.example.net')
    # The certificate goes on under another name: nothing is overdue.
    assert timeline.events == []
    certificate = Certificate.objects.get()
    assert (certificate.pem, certificate.acme_provider) == (issued.pem, 'ZeroSSL')
    assert certificate.issuances.count() == 3


def test_a_host_is_renamed_and_renews(machine, timeline):
    """Situation 11: both before the hook runs again."""
    issued = [timeline.issue(ROUND * number) for number in range(3)]
    web = machine('web01.example.net')
    for _night, number in nights(timeline, 3 * ROUND):
        if number:
            web.rename('shop01.example.net')
        web.has(issued[number])
        web.sync()
    assert timeline.events == []
    assert timeline.states() == {'certbot:web01.example.net:www': 'gone', 'certbot:shop01.example.net:www': 'current'}
    certificate = Certificate.objects.get()
    assert (certificate.pem, certificate.issuances.count()) == (issued[2].pem, 3)


def test_two_directories(machine, timeline, tmp_path):
    """Situation 12: RSA and ECDSA certificates of one name, of two directories of one client."""
    second = tmp_path / 'rsa'
    second.mkdir()
    issued = [(timeline.issue(ROUND * number), timeline.issue(ROUND * number, key_type='rsa')) for number in range(3)]
    web = machine('web01')
    for _night, number in nights(timeline, 3 * ROUND):
        ecdsa, rsa = issued[number]
        web.has(ecdsa)
        web.sync()
        web.has(rsa, directory=second)
        web.sync(directory=second)
    assert timeline.events == []
    found = CertificateSource.objects.order_by('external_id').values_list('external_id', 'certificate__pem')
    assert list(found) == [(f'certbot:web01{second}:www', issued[2][1].pem), ('certbot:web01:www', issued[2][0].pem)]
