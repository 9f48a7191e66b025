"""A run with ``--sync`` ends with the list of everything that its client has on the host; the rest is gone."""

import json

import pytest

from tests.hooks import lineages
from tests.hooks.fake_netbox import Answer
from tests.hooks.lineages import certbot
from tests.hooks.reported import ISSUED, external_id
from tests.hooks.running import MACHINE, deploy
from tests.support.acme_issuances import DAY, issue_acme

ACME_SH_CONF = "Le_API='https://ca.example.net/directory'\nLe_CertCreateTime='1795479661'\n"


def dehydrated_says(host, folder):
    text = f'declare -- CERTDIR="{folder}/certs"\ndeclare -- ACCOUNT_KEY="{folder}/accounts/key.pem"'
    host.program('dehydrated', f"cat <<'END'\n{text}\nEND")


def make_acme_sh(host, folder):
    lineages.written(folder / 'account.conf', '')
    lineages.written(folder / 'www.example.net_ecc' / 'fullchain.cer', ISSUED.fullchain_pem)
    lineages.written(folder / 'www.example.net_ecc' / 'www.example.net.conf', ACME_SH_CONF)


def make_caddy(host, folder):
    (folder / 'acme').mkdir(parents=True)
    lineages.written(folder / 'certificates/ca/www.example.net/www.example.net.crt', ISSUED.fullchain_pem)


def make_dehydrated(host, folder):
    lineages.written(folder / 'accounts' / 'key.pem', '')
    lineages.dehydrated(folder, issued=ISSUED)
    dehydrated_says(host, folder)


def make_lego(host, folder):
    lineages.lego(folder, issued=ISSUED)


def make_uacme(host, folder):
    (folder / 'private').mkdir(parents=True)
    lineages.written(folder / 'www.example.net' / 'cert.pem', ISSUED.fullchain_pem)


# Client, its hook, a function that creates a certificate in a folder, its path there, and its lineage
STORES = [
    ('certbot', 'certbot.sh', lambda host, folder: certbot(folder, issued=ISSUED), 'live/www.example.net', ''),
    ('acme.sh', 'acme-sh.sh', make_acme_sh, 'www.example.net_ecc', 'www.example.net_ecc'),
    ('lego', 'lego.sh', make_lego, 'certificates/www.example.net.crt', ''),
    ('caddy', 'caddy.sh', make_caddy, 'certificates/ca', 'ca/www.example.net'),
    ('dehydrated', 'dehydrated.sh', make_dehydrated, 'certs/www.example.net', ''),
    ('uacme', 'uacme.sh', make_uacme, 'www.example.net', ''),
]


@pytest.fixture(params=STORES, ids=[store[0] for store in STORES])
def store(request, host, tmp_path):
    """Provide a client with one certificate in ``folder``, whose ``sync()`` returns the run."""
    client, hook, make, place, lineage = request.param
    folder = tmp_path / 'store'
    make(host, folder)

    class Store:
        directory = folder / 'certs' if client == 'dehydrated' else folder
        scope = f'{client}:web01.example.net{directory}:'
        only = external_id(client, directory, lineage or 'www.example.net')
        where = folder / place

        @staticmethod
        def sync(**environment):
            arguments = [] if client == 'dehydrated' else [folder]
            return host.run(hook, '--sync', *arguments, **environment)

        @staticmethod
        def delete():
            for each in (folder / place, folder / 'renewal' / 'www.example.net.conf'):
                if each.is_dir():
                    for file in sorted(each.rglob('*'), reverse=True):
                        file.rmdir() if file.is_dir() and not file.is_symlink() else file.unlink()
                    each.rmdir()
                else:
                    each.unlink(missing_ok=True)

    return Store


def test_everything_is_listed(store, netbox):
    run = store.sync()
    assert (run.code, run.lines) == (0, [])
    assert netbox.listed == {'scope': store.scope, 'external_ids': [store.only], 'machine_id': MACHINE}
    assert [item['external_id'] for item in netbox.items] == [store.only]


def test_an_empty_store_is_listed_as_empty(store, netbox):
    store.delete()
    run = store.sync()
    assert 'no certificate was found' in run.stderr
    assert netbox.listed == {'scope': store.scope, 'external_ids': [], 'machine_id': MACHINE}


def test_a_store_that_is_not_there_lists_nothing(store, netbox):
    """For example, a disk that is not mounted: nothing may be reported as gone by mistake."""
    store.delete()
    store.directory.rename(store.directory.with_name('elsewhere'))
    run = store.sync()
    assert (run.code, len(run.lines)) == (0, 1)
    store.directory.mkdir()
    run = store.sync()
    assert (run.code, len(run.lines)) == (0, 1)
    # The account of dehydrated, beside the folder of its certificates, shows that this is the right one.
    assert len(netbox.syncs) == (1 if store.scope.startswith('dehydrated:') else 0)


def test_a_list_is_not_stored(store, host, netbox):
    """An old list would lack newer certificates."""
    netbox.answer = netbox.sync_answer = Answer(500)
    store.sync()
    assert netbox.syncs == []
    assert [file.read_text()[:8] for file in host.waiting] == ['{"pem":"']
    netbox.answer = Answer()
    run = store.sync()
    assert (len(netbox.syncs), host.waiting) == (1, [])
    assert len(run.lines) == 1
    assert 'the next run sends it again: NetBox responded with HTTP 500' in run.stderr


def test_what_cannot_be_read_exists(host, netbox, directory):
    dangling = certbot(directory, 'dangling')
    (dangling / 'fullchain.pem').resolve().unlink()
    broken = certbot(directory, 'broken')
    (broken / 'fullchain.pem').resolve().write_text('x')
    certbot(directory, 'dead', issue_acme('dead', -31 * DAY))
    (directory / 'live' / 'empty').mkdir()
    lineages.written(directory / 'renewal' / 'lost.conf', '')
    lineages.written(directory / 'live' / 'README', '')
    host.run('certbot.sh', '--sync', directory)
    names = [each.rpartition(':')[2] for each in netbox.listed['external_ids']]
    assert sorted(names) == ['broken', 'dangling', 'dead', 'empty', 'lost']
    assert netbox.reports == []


def test_a_hook_lists_nothing(host, netbox, renewed):
    deploy(host, renewed)
    assert (len(netbox.items), netbox.syncs) == (1, [])


@pytest.mark.parametrize('status', [404, 405])
def test_an_older_netbox(host, netbox, renewed, directory, status):
    netbox.sync_answer = Answer(status, {'detail': 'no'})
    run = host.run('certbot.sh', '--sync', directory, NETBOX_ACME_STRICT=1)
    assert (run.code, run.lines, len(netbox.syncs)) == (0, [], 1)
    assert 'does not support reports of deleted certificates' in run.stdout


@pytest.mark.parametrize(
    ('answer', 'words'),
    [
        (Answer(400, {'scope': ['no']}), '{"scope": ["no"]}'),
        (Answer(403, {'detail': 'You do not have permission to perform this action.'}), 'does not permit'),
        (Answer(502), 'HTTP 502'),
    ],
    ids=lambda value: getattr(value, 'status', ''),
)
def test_a_refused_list_is_explained(host, netbox, renewed, directory, answer, words):
    netbox.sync_answer = answer
    run = host.run('certbot.sh', '--sync', directory, NETBOX_ACME_STRICT=1)
    assert (run.code, len(run.lines), host.waiting) == (1, 1, [])
    assert words in run.stderr


def test_odd_names_are_listed(host, netbox, directory):
    names = ['a"b', 'back\\slash', "it's", 'two words', 'ü']
    for name in names:
        certbot(directory, name, ISSUED)
    host.run('certbot.sh', '--sync', directory)
    assert sorted(netbox.listed['external_ids']) == sorted(item['external_id'] for item in netbox.items)
    assert sorted(each.rpartition(':')[2] for each in netbox.listed['external_ids']) == sorted(names)


class TestAcmeSh:
    def test_removed_certificates_are_not_listed(self, host, netbox, tmp_path):
        """``acme.sh --remove`` leaves the folder."""
        make_acme_sh(host, tmp_path / 'home')
        conf = tmp_path / 'home' / 'www.example.net_ecc' / 'www.example.net.conf'
        conf.rename(f'{conf}.removed')
        host.run('acme-sh.sh', '--sync', tmp_path / 'home')
        assert (netbox.listed['external_ids'], netbox.reports) == ([], [])

    def test_certificates_that_may_be_elsewhere(self, host, netbox, tmp_path):
        make_acme_sh(host, tmp_path / 'home')
        account = tmp_path / 'home' / 'account.conf'
        account.write_text(f"CERT_HOME='{tmp_path}/elsewhere'\n")
        run = host.run('acme-sh.sh', '--sync', tmp_path / 'home')
        assert f'{tmp_path}/elsewhere cannot be read' in run.stderr
        account.unlink()
        assert 'account.conf cannot be read' in host.run('acme-sh.sh', '--sync', tmp_path / 'home').stderr
        assert (len(netbox.items), netbox.syncs) == (2, [])

    def test_revoked(self, host, netbox, tmp_path):
        make_acme_sh(host, tmp_path / 'home')
        folder = tmp_path / 'home' / 'www.example.net_ecc'
        lineages.written(folder / 'www.example.net.key.revoked', ISSUED.key_pem)
        host.run('acme-sh.sh', '--sync', tmp_path / 'home')
        assert netbox.items[0]['status'] == 'revoked'
        # Issued again: the copy of the key stays.
        lineages.written(folder / 'www.example.net.cer', ISSUED.pem)
        host.run('acme-sh.sh', '--sync', tmp_path / 'home')
        assert 'status' not in netbox.items[1]

    def test_revoked_without_a_chain(self, host, netbox, tmp_path):
        make_acme_sh(host, tmp_path / 'home')
        folder = tmp_path / 'home' / 'www.example.net_ecc'
        (folder / 'fullchain.cer').rename(folder / 'www.example.net.key.revoked')
        run = host.run('acme-sh.sh', '--sync', tmp_path / 'home')
        assert (run.lines, netbox.reports) == ([], [])
        assert netbox.listed['external_ids'] == [external_id('acme.sh', tmp_path / 'home', folder.name)]


class TestCaddy:
    def store(self, storage, issuer, issued, name='www.example.net'):
        (storage / 'acme').mkdir(parents=True, exist_ok=True)
        return lineages.written(storage / 'certificates' / issuer / name / f'{name}.crt', issued.fullchain_pem)

    @pytest.mark.parametrize('issuers', [('a-former', 'b-present'), ('b-former', 'a-present'), ('a-former', 'local')])
    def test_a_former_issuer(self, host, netbox, tmp_path, issuers):
        """Caddy keeps its folder. If it were reported or listed, it would never be gone."""
        for issuer, left in zip(issuers, (20 * DAY, 80 * DAY), strict=True):
            self.store(tmp_path / 'caddy', issuer, issue_acme(left=left))
        self.store(tmp_path / 'caddy', 'a-former', ISSUED, 'other.example.net')
        assert host.run('caddy.sh', '--sync', tmp_path / 'caddy').lines == []
        expected = {'a-former/other.example.net', f'{issuers[1]}/www.example.net'} - {'local/www.example.net'}
        assert {item['external_id'].rpartition(':')[2] for item in netbox.items} == expected
        assert {each.rpartition(':')[2] for each in netbox.listed['external_ids']} == expected

    def test_which_is_former_is_unknown(self, host, netbox, tmp_path):
        self.store(tmp_path / 'caddy', 'a', issue_acme(left=20 * DAY)).write_text('x')
        self.store(tmp_path / 'caddy', 'b', ISSUED)
        host.run('caddy.sh', '--sync', tmp_path / 'caddy')
        names = [each.rpartition(':')[2] for each in netbox.listed['external_ids']]
        assert names == ['a/www.example.net', 'b/www.example.net']


class TestTraefik:
    def sync(self, host, file):
        return host.run('traefik.sh', '--sync', file)

    def test_two_certificates_of_one_main_name(self, host, netbox, tmp_path):
        file = lineages.traefik(tmp_path / 'acme.json', ISSUED)
        content = json.loads(file.read_text())
        (first,) = content['le']['Certificates']
        for names in ([], ['a.example.net', 'b.example.net'], [f'{n}.example.net' for n in range(100)]):
            content['le']['Certificates'].append({**first, 'domain': {'main': 'www.example.net', 'sans': names}})
        file.write_text(json.dumps(content))
        assert self.sync(host, file).lines == []
        listed = netbox.listed['external_ids']
        main = external_id('traefik', file, 'le/default/www.example.net')
        assert listed[:3] == [main, f'{main}+', f'{main}+a.example.net+b.example.net']
        assert len(set(listed)) == 4
        assert max(map(len, listed)) <= 500
        assert sorted(item['external_id'] for item in netbox.items) == sorted(listed)

    def test_no_certificates(self, host, netbox, tmp_path):
        self.sync(host, lineages.written(tmp_path / 'acme.json', '{"le": {"Account": null, "Certificates": null}}'))
        assert netbox.listed['external_ids'] == []

    @pytest.mark.parametrize('text', ['', ' \n', '[]', '{"le":'])
    def test_half_written(self, host, netbox, tmp_path, text):
        run = self.sync(host, lineages.written(tmp_path / 'acme.json', text))
        assert (len(run.lines), netbox.syncs) == (1, [])


class TestCertManager:
    SETTINGS = {'NETBOX_ACME_SOURCE': 'prod', 'NETBOX_ACME_MACHINE_ID': ''}

    @pytest.mark.parametrize('revision', ['3', '1'])
    def test_all_certificates_of_the_cluster(self, host, netbox, revision):
        """Including one whose request no longer exists."""
        host.kubectl(*lineages.cert_manager(ISSUED, revision=revision))
        host.run('cert-manager.sh', '--sync', **self.SETTINGS)
        assert netbox.listed['external_ids'] == ['cert-manager:prod:shop/www']
        assert netbox.listed['scope'] == 'cert-manager:prod:'

    def test_none(self, host, netbox):
        host.kubectl({'items': []}, {'items': []})
        host.run('cert-manager.sh', '--sync', **self.SETTINGS)
        assert netbox.listed['external_ids'] == []

    @pytest.mark.parametrize('answer', [{}, {'kind': 'Status', 'status': 'Failure'}])
    def test_no_list(self, host, netbox, answer):
        host.kubectl(answer, {'items': []})
        run = host.run('cert-manager.sh', '--sync', **self.SETTINGS)
        assert (len(run.lines), netbox.syncs) == (1, [])
