"""The reports of the hook for files of any origin: certificates next to keys, what has changed, what is gone."""

import base64
import json
import os
import time

import pytest

from tests.hooks.lineages import written
from tests.hooks.reported import ISSUED, sent
from tests.hooks.running import MACHINE
from tests.support import programs
from tests.support.acme_issuances import DAY, issue_acme
from tests.support.private_keys import ders, pems

KEY = ISSUED.key_pem
CHAIN = ISSUED.fullchain_pem.removeprefix(ISSUED.pem)


@pytest.fixture
def tls(tmp_path):
    return tmp_path / 'etc' / 'tls'


def sync(host, *arguments, **environment):
    return host.run('files.sh', '--sync', *arguments, **environment)


def names(netbox) -> list[str]:
    return sorted(item['external_id'].rpartition(':')[2] for item in netbox.items)


def test_a_file(host, netbox, tls):
    written(tls / 'www.pem', ISSUED.fullchain_pem)
    run = sync(host, f'{tls}/*.pem', NETBOX_ACME_EMAIL='ops@example.net', NETBOX_ACME_SERVER='https://ca.example')
    assert (run.code, run.lines) == (0, [])
    # Whether it was issued over ACME is unknown.
    assert sent(netbox) == {
        'external_id': f'files:web01.example.net{tls}:www.pem',
        'client': 'files',
        'kind': 'copy',
    }
    assert netbox.listed == {
        'scope': f'files:web01.example.net{tls}:',
        'external_ids': [f'files:web01.example.net{tls}:www.pem'],
        'machine_id': MACHINE,
    }


# As HAProxy, Postfix and others want them
WITH_KEYS = {
    'key last': ISSUED.fullchain_pem + KEY,
    'key first': KEY + ISSUED.fullchain_pem,
    'key between': ISSUED.pem + KEY + CHAIN,
    'CRLF': (ISSUED.fullchain_pem + KEY).replace('\n', '\r\n'),
    'Bag Attributes': f'Bag Attributes\n    friendlyName: x\n{KEY}{ISSUED.fullchain_pem}',
}


@pytest.mark.parametrize('form', WITH_KEYS)
def test_only_the_certificates_of_a_file_with_a_key_are_sent(host, netbox, tls, form):
    written(tls / 'site.pem', WITH_KEYS[form])
    run = sync(host, f'{tls}/*.pem')
    assert run.lines == []
    assert [item['pem'] for item in netbox.items] == [ISSUED.fullchain_pem.strip()]
    assert_no_key_left(netbox, host, KEY)


def assert_no_key_left(netbox, host, *keys):
    kept = host.everything_kept() + b''.join(report.body for report in (*netbox.reports, *netbox.syncs))
    for key in keys:
        lines = [line.strip() for line in key.splitlines() if '-----' not in line and len(line.strip()) > 20]
        assert lines and not any(line.encode() in kept for line in lines)


def as_certificate(body):
    return f'-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n'


def key_body():
    return ''.join(f'{line}\n' for line in KEY.splitlines()[1:-1])


@pytest.mark.parametrize(
    'text',
    [
        ISSUED.fullchain_pem + as_certificate(key_body()),
        as_certificate(key_body()) + KEY,
        ISSUED.pem.replace('-----END CERTIFICATE-----', key_body()),
        # Without the end of the key
        ISSUED.fullchain_pem + KEY.replace('-----END', ''),
        KEY.replace('-----END', '') + ISSUED.fullchain_pem,
        ISSUED.fullchain_pem + KEY.replace('\n', ''),
    ],
)
def test_broken_files_with_keys_are_not_sent(host, netbox, tls, text):
    written(tls / 'site.pem', text)
    run = sync(host, f'{tls}/*.pem')
    assert 'was not sent' in run.lines[0]
    assert netbox.reports == []
    assert_no_key_left(netbox, host, KEY)


def test_no_form_of_key_is_sent(host, netbox, tls):
    keys = list(pems().values())
    for number, key in enumerate(keys):
        written(tls / f'{number}.pem', ISSUED.fullchain_pem + key)
    for number, der in enumerate(ders().values()):
        body = base64.encodebytes(der).decode()
        written(tls / f'der{number}.pem', ISSUED.fullchain_pem + as_certificate(body))
    sync(host, f'{tls}/*.pem')
    assert {item['pem'] for item in netbox.items} == {ISSUED.fullchain_pem.strip()}
    assert not any(name.startswith('der') for name in names(netbox))
    assert_no_key_left(netbox, host, *keys)


def test_files_without_certificates_are_passed_over(host, netbox, tls):
    written(tls / 'www.pem', ISSUED.fullchain_pem)
    written(tls / 'notes.pem', 'nothing\n')
    written(tls / 'dh.pem', '-----BEGIN DH PARAMETERS-----\nMIIBCAKCAQEA\n-----END DH PARAMETERS-----\n')
    for _ in range(2):
        run = sync(host, f'{tls}/*.pem')
        assert run.lines == []
        assert '2 files without certificates' in run.stdout
    assert names(netbox) == ['www.pem', 'www.pem']
    assert [len(each.items['external_ids']) for each in netbox.syncs] == [1, 1]


def mark_the_cache(host):
    """Change the kept copies of the reports, so that a report shows whether it comes from there."""
    for file in (host.spool / 'cache').rglob('*.pem'):
        file.write_text(file.read_text().replace('"client":"files"', '"client":"files","description":"kept"'))


def set_minute(host, minute='Jan 01 00:00'):
    """Let the clock of the hook say that it runs in this minute, by default not in that in which the files changed."""
    real = programs.find('date')
    host.program('date', f'case "$*" in *%b*) echo "{minute}" ;; *) exec {real} "$@" ;; esac')


class TestChanges:
    @pytest.fixture(autouse=True)
    def first_run(self, host, netbox, tls):
        set_minute(host)
        for name in ('a.pem', 'b.pem'):
            written(tls / name, issue_acme(name).fullchain_pem)
        sync(host, f'{tls}/*.pem')
        mark_the_cache(host)
        netbox.reports.clear()

    def kept(self, host, netbox, tls, **settings) -> dict:
        assert sync(host, f'{tls}/*.pem', **settings).lines == []
        return {item['external_id'].rpartition(':')[2]: item.get('description') for item in netbox.items}

    def test_unchanged_files_are_reported_without_being_read(self, host, netbox, tls):
        assert self.kept(host, netbox, tls) == {'a.pem': 'kept', 'b.pem': 'kept'}
        assert len(netbox.syncs[-1].items['external_ids']) == 2

    def test_a_changed_file_is_read(self, host, netbox, tls):
        new = issue_acme(['a.pem', 'www.a.pem'])
        (tls / 'a.pem').write_text(new.fullchain_pem)
        assert self.kept(host, netbox, tls) == {'a.pem': None, 'b.pem': 'kept'}
        assert netbox.items[0]['pem'] == new.fullchain_pem.strip()

    def test_a_file_that_changed_in_this_minute_is_read_again(self, host, netbox, tls):
        """It may have the same size, and ls prints no seconds."""
        (tls / 'a.pem').write_text(issue_acme(['a.pem', 'www.a.pem']).fullchain_pem)
        changed = time.localtime((tls / 'a.pem').stat().st_ctime)
        set_minute(host, time.strftime('%b %d %H:%M', changed))
        for _ in range(2):
            netbox.reports.clear()
            assert self.kept(host, netbox, tls)['a.pem'] is None
            mark_the_cache(host)

    def test_variables_that_change_what_ls_prints(self, host, netbox, tls):
        settings = {'TIME_STYLE': 'long-iso', 'QUOTING_STYLE': 'c', 'BLOCK_SIZE': '1M', 'LS_BLOCK_SIZE': '1M'}
        assert self.kept(host, netbox, tls, **settings) == {'a.pem': 'kept', 'b.pem': 'kept'}

    def test_a_replaced_file_with_the_old_time_is_read(self, host, netbox, tls):
        """As by a backup, or by "cp -p" and a link."""
        other = written(tls.parent / 'other', issue_acme('a.pem').fullchain_pem)
        other.rename(tls / 'a.pem')
        assert self.kept(host, netbox, tls) == {'a.pem': None, 'b.pem': 'kept'}

    def test_a_link_to_another_file_is_read(self, host, netbox, tls):
        """As by certbot and Kubernetes."""
        (tls / 'a.pem').rename(tls / '1')
        (tls / 'a.pem').symlink_to('1')
        self.kept(host, netbox, tls)
        mark_the_cache(host)
        netbox.reports.clear()
        written(tls / '2', issue_acme('a.pem').fullchain_pem)
        (tls / 'new').symlink_to('2')
        (tls / 'new').rename(tls / 'a.pem')
        assert self.kept(host, netbox, tls) == {'a.pem': None, 'b.pem': 'kept'}

    def test_changed_settings(self, host, netbox, tls):
        assert self.kept(host, netbox, tls, NETBOX_TAGS='web') == {'a.pem': None, 'b.pem': None}
        assert netbox.items[0]['add_tags'] == [{'slug': 'web'}]

    def test_a_report_that_could_not_be_sent(self, host, netbox, tls):
        netbox.answer.status = 500
        (tls / 'a.pem').write_text(issue_acme(['a.pem', 'www.a.pem']).fullchain_pem)
        sync(host, f'{tls}/*.pem')
        netbox.answer.status = 200
        netbox.reports.clear()
        assert set(self.kept(host, netbox, tls)) == {'a.pem', 'b.pem'}


class TestPatterns:
    def test_a_folder_for_each_site(self, host, netbox, tls):
        for site in ('a.example', 'b.example'):
            written(tls / site / 'cert.pem', issue_acme(site).fullchain_pem)
        sync(host, f'{tls}/*/cert.pem')
        assert names(netbox) == ['a.example/cert.pem', 'b.example/cert.pem']
        # A folder that is deleted is missing from the list.
        (tls / 'b.example' / 'cert.pem').unlink()
        (tls / 'b.example').rmdir()
        sync(host, f'{tls}/*/cert.pem')
        assert netbox.syncs[0].items['scope'] == netbox.syncs[1].items['scope'] == f'files:web01.example.net{tls}:'
        assert [len(each.items['external_ids']) for each in netbox.syncs] == [2, 1]

    def test_several_folders_are_several_scopes(self, host, netbox, tmp_path):
        for folder in ('nginx', 'haproxy'):
            written(tmp_path / folder / 'www.pem', ISSUED.fullchain_pem)
            written(tmp_path / folder / 'www.crt', ISSUED.fullchain_pem)
        patterns = [f'{tmp_path}/nginx/*.pem', f'{tmp_path}/haproxy/*.pem', f'{tmp_path}/nginx/*.crt']
        assert sync(host, *patterns).lines == []
        lists = {each.items['scope'].split('/')[-1]: len(each.items['external_ids']) for each in netbox.syncs}
        assert lists == {'nginx:': 2, 'haproxy:': 1}
        assert len(netbox.items) == 3

    def test_patterns_that_the_shell_expanded(self, host, netbox, tls):
        files = [written(tls / f'{name}.pem', issue_acme(name).fullchain_pem) for name in ('a', 'b')]
        assert sync(host, *files).lines == []
        assert names(netbox) == ['a.pem', 'b.pem']
        assert len(netbox.listed['external_ids']) == 2

    @pytest.mark.parametrize(
        'name', ['two words.pem', "it's.pem", 'a"b.pem', '$(touch evil).pem', '-n.pem', 'ü.pem', '[x].pem']
    )
    def test_odd_names(self, host, netbox, tls, name):
        written(tls / 'a folder' / name, ISSUED.fullchain_pem)
        for _ in range(2):
            assert sync(host, f'{tls}/a folder/*.pem').lines == []
        assert names(netbox) == [name, name]
        assert not (host.folder / 'evil').exists()

    def test_relative_patterns(self, host, netbox, tls):
        written(tls / 'www.pem', ISSUED.fullchain_pem)
        assert sync(host, 'etc/tls/*.pem').lines == []
        assert netbox.listed['scope'] == f'files:web01.example.net{tls}:'

    def test_a_file_that_is_gone(self, host, netbox, tls):
        written(tls / 'www.pem', ISSUED.fullchain_pem)
        written(tls / 'other.txt', '')
        sync(host, f'{tls}/www.pem')
        (tls / 'www.pem').unlink()
        run = sync(host, f'{tls}/www.pem')
        assert 'no certificate was found' in run.stderr
        assert netbox.syncs[-1].items['external_ids'] == []

    def test_a_folder_that_is_not_mounted(self, host, netbox, tls):
        tls.mkdir(parents=True)
        for pattern in (f'{tls}/*.pem', f'{tls}/nothing/*.pem'):
            assert 'no certificate was found' in sync(host, pattern, NETBOX_ACME_STRICT=1).stderr
        assert (netbox.reports, netbox.syncs) == ([], [])

    def test_a_broken_link_exists(self, host, netbox, tls):
        written(tls / 'www.pem', ISSUED.fullchain_pem)
        (tls / 'broken.pem').symlink_to('nothing')
        sync(host, f'{tls}/*.pem')
        assert sorted(each.rpartition(':')[2] for each in netbox.listed['external_ids']) == ['broken.pem', 'www.pem']

    def test_pipes_and_large_files_are_not_read(self, host, netbox, tls):
        written(tls / 'www.pem', ISSUED.fullchain_pem)
        os.mkfifo(tls / 'pipe.pem')
        written(tls / 'large.pem', ISSUED.fullchain_pem + 'x\n' * 600_000)
        run = sync(host, f'{tls}/*.pem')
        assert len(run.lines) == 1 and 'larger than a certificate' in run.stderr
        assert names(netbox) == ['www.pem']

    def test_many_files(self, host, netbox, tls):
        for number in range(450):
            written(tls / f'{number}.pem', ISSUED.fullchain_pem)
        for _ in range(2):
            assert sync(host, f'{tls}/*.pem').lines == []
            assert len(netbox.items) == 450
            netbox.reports.clear()

    def test_long_expired_files_are_skipped(self, host, netbox, tls):
        written(tls / 'old.pem', issue_acme('old', -31 * DAY).fullchain_pem)
        assert '1 skipped' in sync(host, f'{tls}/*.pem').stdout
        assert netbox.reports == []

    @pytest.mark.parametrize('arguments', [[], ['--sync'], ['/etc/x.pem']])
    def test_wrong_arguments(self, host, netbox, arguments):
        run = host.run('files.sh', *arguments)
        assert (run.code, len(run.lines), netbox.reports) == (0, 1, [])
        assert 'usage' in run.stderr


class TestKeystores:
    """keytool of OpenJDK 17 printed this form."""

    LISTING = """Keystore type: JKS
Keystore provider: SUN

Your keystore contains 2 entries

Alias name: tomcat
Creation date: Nov 28, 2026
Entry type: PrivateKeyEntry
Certificate chain length: 2
Certificate[1]:
{leaf}Certificate[2]:
{chain}

*******************************************
*******************************************


Alias name: root
Creation date: Nov 28, 2026
Entry type: trustedCertEntry

{chain}

*******************************************
*******************************************


"""

    @pytest.fixture
    def keystore(self, host, tmp_path):
        listing = tmp_path / 'listing'
        listing.write_text(self.LISTING.format(leaf=ISSUED.pem, chain=CHAIN))
        host.program('keytool', f'cat "{listing}"')
        return written(tmp_path / 'tomcat' / 'keystore.jks', 'binary')

    def test_a_keystore(self, host, netbox, keystore):
        host.record()
        assert sync(host, '--jks', keystore).lines == []
        assert sent(netbox) == {
            'external_id': f'files:web01.example.net{keystore}:tomcat',
            'client': 'files',
            'kind': 'copy',
        }
        assert netbox.listed['external_ids'] == [f'files:web01.example.net{keystore}:tomcat']
        assert '-storepass' not in host.command_lines

    def test_with_files(self, host, netbox, keystore, tls):
        written(tls / 'www.pem', ISSUED.fullchain_pem)
        assert sync(host, f'{tls}/*.pem', '--jks', keystore, f'{tls}/*.crt').lines == []
        assert len(netbox.items) == len(netbox.syncs) == 2

    def test_the_password_stays_in_its_file(self, host, netbox, keystore, tmp_path):
        host.record()
        secret = written(tmp_path / 'password', 'changeit')
        assert sync(host, '--jks', keystore, NETBOX_KEYSTORE_PASSWORD_FILE=secret).lines == []
        assert f'-storepass:file {secret}' in host.command_lines
        assert 'changeit' not in host.command_lines

    def test_a_wrong_password(self, host, netbox, keystore):
        host.program('keytool', 'echo "keytool error: java.io.IOException: keystore password was incorrect"; exit 1')
        run = sync(host, '--jks', keystore)
        assert 'NETBOX_KEYSTORE_PASSWORD_FILE' in run.lines[0]
        assert netbox.syncs == []

    def test_without_java(self, host, netbox, keystore, tls):
        host.without('keytool')
        written(tls / 'www.pem', ISSUED.fullchain_pem)
        run = sync(host, '--jks', keystore, f'{tls}/*.pem')
        assert 'install a Java runtime' in run.lines[0]
        assert names(netbox) == ['www.pem']


def test_the_cache_contains_no_token(host, netbox, tls):
    written(tls / 'www.pem', ISSUED.fullchain_pem + KEY)
    sync(host, f'{tls}/*.pem')
    assert host.environment['NETBOX_TOKEN'].encode() not in host.everything_kept()
    for file in (host.spool / 'cache').rglob('*'):
        assert file.stat().st_mode & 0o077 == 0
    (kept,) = (host.spool / 'cache').rglob('*.pem')
    assert json.loads(kept.read_text())['kind'] == 'copy'
