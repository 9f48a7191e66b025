"""Which source reports: two directories of a client, and two machines with one name, are distinguished."""

import hashlib

import pytest

from tests.hooks import lineages
from tests.hooks.fake_netbox import Answer
from tests.hooks.lineages import certbot
from tests.hooks.reported import ISSUED, external_id
from tests.hooks.running import CLUSTER, MACHINE, deploy

# The response of NetBox SSL to a report under the name of another machine
TAKEN = {
    'detail': 'Nothing was imported.',
    'errors': [
        {
            'index': 0,
            'errors': {
                'external_id': [
                    'Another machine reports under this external ID, last on 2026-11-03 04:05 UTC. Give each host a '
                    'separate name: set NETBOX_ACME_SOURCE in the settings of its hook. If …'
                ]
            },
        }
    ],
}


class TestDirectories:
    def test_the_default_is_not_part_of_the_name(self, host, netbox, directory):
        live = certbot(directory)
        hook = host.hooks_with(certbot=directory) / 'certbot.sh'
        host.run(hook, RENEWED_LINEAGE=live)
        host.run(hook, '--sync')
        host.run(hook, '--sync', f'{directory}/')
        names = [item['external_id'] for item in netbox.items]
        assert names == ['certbot:web01.example.net:www.example.net'] * 3
        assert [sync.items['scope'] for sync in netbox.syncs] == ['certbot:web01.example.net:'] * 2

    def test_a_link_to_the_default(self, host, netbox, directory):
        certbot(directory)
        directory.with_name('link').symlink_to(directory)
        host.run(host.hooks_with(certbot=directory.with_name('link')) / 'certbot.sh', '--sync', directory)
        assert netbox.listed['scope'] == 'certbot:web01.example.net:'

    def test_two_directories_are_two_sources(self, host, netbox, tmp_path):
        """For example, RSA and ECDSA certificates of one name."""
        for kind in ('rsa', 'ecdsa'):
            host.run('certbot.sh', RENEWED_LINEAGE=certbot(tmp_path / kind))
            host.run('certbot.sh', '--sync', kind)
        names = [item['external_id'] for item in netbox.items]
        expected = [external_id('certbot', tmp_path / kind, 'www.example.net') for kind in ('rsa', 'ecdsa')]
        assert names == [expected[0]] * 2 + [expected[1]] * 2

    def test_no_scope_is_the_start_of_another(self, host, netbox, tmp_path):
        """Certificates missing from the list of a scope are gone."""
        folders = ['a', 'a:b', 'a%3Ab', 'a b', '100%']
        for folder in folders:
            certbot(tmp_path / folder, issued=ISSUED)
            host.run('certbot.sh', '--sync', tmp_path / folder)
        scopes = [sync.items['scope'] for sync in netbox.syncs]
        names = [item['external_id'] for item in netbox.items]
        assert len(names) == len(scopes) == len(folders)
        for scope, name in zip(scopes, names, strict=True):
            assert [each for each in names if each.startswith(scope)] == [name]
        assert 'certbot:web01.example.net:' not in scopes
        assert scopes[1].endswith('/a%3Ab:')

    def test_a_user_s_own_acme_sh(self, host, netbox, tmp_path):
        """Two users of a host may each have one."""
        folder = tmp_path / '.acme.sh' / 'www.example.net_ecc'
        lineages.written(folder.parent / 'account.conf', '')
        lineages.written(folder / 'fullchain.cer', ISSUED.fullchain_pem)
        lineages.written(folder / 'www.example.net.conf', "Le_CertCreateTime='1795479661'\n")
        host.run('acme-sh.sh', folder / 'fullchain.cer')
        host.run('acme-sh.sh', DOMAIN_PATH=folder, LE_CONFIG_HOME=folder.parent)
        host.run('acme-sh.sh', '--sync')
        names = [item['external_id'] for item in netbox.items]
        assert names == [external_id('acme.sh', folder.parent, folder.name)] * 3


class TestMachines:
    def sent_by(self, host, netbox, renewed, text):
        file = host.folder / 'machine-id'
        if text is not None:
            file.write_text(text)
        hook = host.hooks_with(machine_id=file) / 'certbot.sh'
        host.pass_on('sha256sum')
        run = host.run(hook, RENEWED_LINEAGE=renewed, NETBOX_ACME_MACHINE_ID=None)
        assert run.lines == []
        return netbox.items[-1].get('machine_id')

    def test_the_machine_id_is_hashed(self, host, netbox, renewed):
        host.record()
        secret = '0123456789abcdef' * 2
        expected = hashlib.sha256(f'netbox-acme {secret}'.encode()).hexdigest()
        assert self.sent_by(host, netbox, renewed, f'{secret}\n') == expected
        assert secret not in host.command_lines
        assert secret.encode() not in netbox.reports[0].body

    @pytest.mark.parametrize('text', [None, '', 'uninitialized\n', 'x' * 32, 'abc\n'])
    def test_no_machine_id(self, host, netbox, renewed, text):
        """As in most containers, and while a system is being installed."""
        assert self.sent_by(host, netbox, renewed, text) is None

    @pytest.mark.parametrize(('setting', 'sent'), [('storage-1', 'storage-1'), ('none', None)])
    def test_the_setting(self, host, netbox, renewed, setting, sent):
        """For hosts that share their certificates and report them under one name."""
        assert deploy(host, renewed, NETBOX_ACME_MACHINE_ID=setting).lines == []
        assert netbox.items[0].get('machine_id') == sent

    @pytest.mark.parametrize('setting', ['a"b', 'x' * 65])
    def test_an_unusable_setting(self, host, netbox, renewed, setting):
        (line,) = deploy(host, renewed, NETBOX_ACME_MACHINE_ID=setting).lines
        assert 'NETBOX_ACME_MACHINE_ID' in line
        assert netbox.items[0].get('machine_id') != setting

    @pytest.mark.parametrize(('answer', 'sent'), [(f'printf {CLUSTER}', CLUSTER), ('exit 1', None)])
    def test_a_cluster_is_known_by_its_system_namespace(self, host, netbox, answer, sent):
        host.record()
        host.kubectl(*lineages.cert_manager(ISSUED))
        kubectl = host.bin / 'kubectl'
        kubectl.write_text(kubectl.read_text().replace(f'printf {CLUSTER}', answer))
        host.run('cert-manager.sh', '--sync', NETBOX_ACME_SOURCE='prod', NETBOX_ACME_MACHINE_ID='')
        assert netbox.items[0].get('machine_id') == netbox.listed.get('machine_id') == sent
        assert 'kubectl get namespaces kube-system' in host.command_lines

    def test_a_name_that_another_machine_has(self, host, netbox, directory):
        for number in range(4):
            certbot(directory, f'www{number}.example.net', ISSUED)
        names = {'www1', 'www2'}
        netbox.answer = lambda report: (
            Answer(400, TAKEN) if any(name in report.body.decode() for name in names) else Answer()
        )
        run = host.run('certbot.sh', '--sync', directory)
        assert len(run.lines) == 1
        assert 'set NETBOX_ACME_SOURCE to a name that only this host has' in run.stderr
        assert '2 reported' in run.stdout
        assert (host.waiting, host.bad) == ([], []), 'under another name, it would be another report'

    def test_another_fault_of_the_external_id(self, host, netbox, renewed):
        netbox.answer = Answer(400, {'external_id': ['Ensure this field has no more than 500 characters.']})
        run = deploy(host, renewed)
        assert 'no more than 500 characters' in run.stderr
        assert len(host.bad) == 1

    def test_the_same_machine_in_reports_and_lists(self, host, netbox, renewed, directory):
        host.run('certbot.sh', '--sync', directory)
        assert netbox.items[0]['machine_id'] == netbox.listed['machine_id'] == MACHINE
