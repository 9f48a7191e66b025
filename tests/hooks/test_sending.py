"""Whatever NetBox answers, or does not: the client goes on, one line says why, and nothing is lost."""

import os
import shutil
import time

import pytest
from django.core.validators import validate_email

from dev import programs
from tests.hooks.fake_netbox import IMPORT, Answer
from tests.hooks.lineages import certbot
from tests.hooks.running import TOKEN, owner_only

DENIED = Answer(403, {'detail': 'You do not have permission to perform this action.'})


@pytest.fixture
def directory(tmp_path):
    return tmp_path / 'letsencrypt'


@pytest.fixture
def renewed(directory):
    return certbot(directory)


def deploy(host, renewed, **environment):
    return host.run('certbot.sh', RENEWED_LINEAGE=renewed, RENEWED_DOMAINS='www.example.net', **environment)


def test_a_report_reaches_netbox(host, netbox, renewed):
    run = deploy(host, renewed)
    assert (run.code, run.stdout, run.stderr) == (0, '', '')
    (report,) = netbox.reports
    assert report.path == IMPORT
    assert report.headers['Authorization'] == f'Bearer {TOKEN}'
    assert report.headers['Content-Type'] == 'application/json'
    assert host.waiting == []
    assert host.everything_kept() == b''


def test_a_version_1_token(host, netbox, renewed):
    deploy(host, renewed, NETBOX_TOKEN='0123456789abcdef0123456789abcdef01234567')
    assert netbox.reports[0].headers['Authorization'] == 'Token 0123456789abcdef0123456789abcdef01234567'


@pytest.mark.parametrize(
    ('answer', 'words'),
    [
        (Answer(401, {'detail': 'Invalid token'}), 'does not accept the token'),
        (Answer(403, {'detail': 'Invalid v2 token'}), 'token'),
        (DENIED, 'does not permit it: {"detail": "You do not have permission'),
        (Answer(404, {'detail': 'Not found.'}), 'is NETBOX_URL right'),
        (Answer(408), 'HTTP 408'),
        (Answer(429), 'HTTP 429'),
        (Answer(500), 'HTTP 500'),
        (Answer(502), 'HTTP 502'),
        (Answer(never=True), 'cannot be reached'),
        (Answer(301, headers={'Location': 'https://other.example/x'}), 'redirects to https://other.example/x'),
    ],
    ids=lambda value: getattr(value, 'status', ''),
)
def test_what_can_be_mended_waits(host, netbox, renewed, answer, words):
    netbox.answer = answer
    # Where no answer comes, a hook that waited for one would not end.
    limit = {'NETBOX_ACME_TIMEOUT': 2} if answer.never else {}
    run = deploy(host, renewed, **limit)
    assert (run.code, run.stdout) == (0, '')
    assert len(run.lines) == 1
    assert words in run.lines[0]
    assert '1 reports wait in' in run.lines[0]
    assert host.syslog == [f'logger -t netbox-acme -p daemon.warning -- certbot: {run.lines[0].partition(": ")[2]}']
    assert len(netbox.reports) == 1, 'redirects are not followed, and nothing is tried again at once'
    (waiting,) = host.waiting
    assert waiting.stat().st_mode & 0o777 == 0o600
    assert host.spool.stat().st_mode & 0o777 == 0o700
    assert TOKEN.encode() not in host.everything_kept()

    netbox.answer = Answer()
    (host.spool / '.not-before').unlink(missing_ok=True)
    netbox.reports.clear()
    assert deploy(host, renewed).lines == []
    assert len(netbox.items) == 1
    assert host.waiting == []


def test_netbox_down(host, netbox, renewed):
    netbox.close()
    run = deploy(host, renewed)
    assert (run.code, len(run.lines), len(host.waiting)) == (0, 1, 1)
    assert 'cannot be reached' in run.stderr


def test_strict(host, netbox, renewed):
    assert deploy(host, renewed, NETBOX_ACME_STRICT=1).code == 0
    netbox.answer = Answer(500)
    assert deploy(host, renewed, NETBOX_ACME_STRICT=1).code == 1


@pytest.mark.parametrize('status', [400, 422])
def test_objects_that_netbox_refuses_are_set_aside(host, netbox, renewed, status):
    netbox.answer = Answer(status, {'detail': 'no', 'errors': [{'index': 0, 'errors': {'acme_server_url': ['bad']}}]})
    run = deploy(host, renewed)
    assert (run.code, len(run.lines)) == (0, 1)
    assert 'acme_server_url' in run.stderr
    assert (len(netbox.reports), host.waiting, len(host.bad)) == (1, [], 1)


def test_one_bad_report_keeps_no_other_back(host, netbox, directory):
    for number in range(5):
        certbot(directory, f'www{number}.example.net')

    def answer(report):
        return (
            Answer(400, {'detail': 'no'}) if any('www3' in item['external_id'] for item in report.items) else Answer()
        )

    netbox.answer = answer
    run = host.run('certbot.sh', '--sync', directory)
    assert run.code == 0
    assert 'www3.example.net' in run.stderr
    assert '4 reported' in run.stdout
    assert [len(report.items) for report in netbox.reports] == [5, 1, 1, 1, 1, 1]
    assert (host.waiting, len(host.bad)) == ([], 1)


def test_a_forbidden_certificate_does_not_hold_up_the_others(host, netbox, directory):
    for number in range(3):
        certbot(directory, f'www{number}.example.net')
    netbox.answer = lambda report: DENIED if any('www1' in item['external_id'] for item in report.items) else Answer()
    run = host.run('certbot.sh', '--sync', directory)
    assert 'does not permit' in run.stderr
    assert [file.name for file in host.waiting] == ['certbot:web01.example.net:www1.example.net']


def test_a_wrong_token_is_tried_once(host, netbox, directory):
    for number in range(5):
        certbot(directory, f'www{number}.example.net')
    netbox.answer = Answer(403, {'detail': 'Invalid v2 token'})
    run = host.run('certbot.sh', '--sync', directory)
    assert len(netbox.reports) == 1
    assert '5 reports wait' in run.stderr


def test_the_newest_report_of_a_lineage_wins(host, netbox, renewed):
    netbox.answer = Answer(500)
    deploy(host, renewed, NETBOX_ACME_EMAIL='old@example.net')
    deploy(host, renewed, NETBOX_ACME_EMAIL='new@example.net')
    assert len(host.waiting) == 1
    netbox.answer, netbox.reports = Answer(), []
    host.run('certbot.sh', '--sync', host.folder / 'nothing')
    assert [item['acme_account_email'] for item in netbox.items] == ['new@example.net']


def test_retry_after_is_honoured(host, netbox, renewed):
    netbox.answer = Answer(429, headers={'Retry-After': '40000'})
    deploy(host, renewed)
    run = deploy(host, renewed)
    assert (run.code, len(netbox.reports), len(host.waiting)) == (0, 1, 1)
    assert 'left alone' in run.stderr
    (host.spool / '.not-before').write_text(str(int(time.time()) - 1))
    netbox.answer = Answer()
    assert deploy(host, renewed).lines == []
    assert host.waiting == []


def test_lists_of_a_hundred(host, netbox, directory):
    for number in range(205):
        certbot(directory, f'www{number}.example.net', issued=ISSUED())
    run = host.run('certbot.sh', '--sync', directory)
    assert [len(report.items) for report in netbox.reports] == [100, 100, 5]
    assert len({item['external_id'] for item in netbox.items}) == 205
    assert run.stdout == 'netbox-acme (certbot): 205 reported, 0 skipped that expired more than 30 days ago\n'


def ISSUED(cache=[]):  # noqa: B006, N802
    from tests.support.factories import issue_acme

    cache or cache.append(issue_acme())
    return cache[0]


def test_what_a_killed_run_was_sending_is_sent(host, netbox, renewed):
    netbox.answer = Answer(500)
    deploy(host, renewed)
    claim = host.spool / 'sending.4194303'
    claim.mkdir()
    (waiting,) = host.waiting
    waiting.rename(claim / waiting.name)
    netbox.answer, netbox.reports = Answer(), []
    host.run('certbot.sh', '--sync', host.folder / 'nothing')
    assert len(netbox.items) == 1
    assert not claim.exists()


def test_a_file_of_settings(host, netbox, renewed, tmp_path):
    settings = owner_only(
        tmp_path / 'netbox-acme.conf',
        f'# comment\nNETBOX_URL="{netbox.url}/"\nNETBOX_TOKEN={TOKEN}\nNETBOX_TENANT=acme-corp\n'
        'NETBOX_TAGS=web, production\nPATH=/nowhere\nNETBOX_ACME_EMAIL=$(touch evil)`touch evil`@x\n',
    )
    only = {'NETBOX_URL': None, 'NETBOX_TOKEN': None, 'NETBOX_ACME_CONFIG': settings}
    (line,) = deploy(host, renewed, **only).lines
    assert '$(touch evil)`touch evil`@x is not a whole e-mail address' in line
    (item,) = netbox.items
    assert item['tenant'] == {'slug': 'acme-corp'}
    assert item['add_tags'] == [{'slug': 'web'}, {'slug': 'production'}]
    assert not (tmp_path / 'evil').exists()
    assert TOKEN not in host.command_lines
    # The environment wins.
    deploy(host, renewed, **{**only, 'NETBOX_TENANT': 'other'})
    assert netbox.items[-1]['tenant'] == {'slug': 'other'}

    settings.chmod(0o644)
    run = deploy(host, renewed, **only)
    assert run.code == 0
    assert 'chmod 600' in run.lines[0]
    assert len(netbox.items) == 2


@pytest.mark.parametrize(
    'lines',
    [
        'NETBOX_TENANT NETBOX_TAGS\nNETBOX_TENANT=acme-corp\n',
        'NETBOX_TENANT NETBOX_TAGS=web\nNETBOX_TENANT=acme-corp\n',
        '=\n NETBOX_TAGS=web\n$(touch evil)=x\nNETBOX_TENANT=acme-corp',
    ],
)
def test_odd_lines_of_settings_are_passed_over(host, netbox, renewed, tmp_path, lines):
    settings = owner_only(tmp_path / 'netbox-acme.conf', lines)
    run = deploy(host, renewed, NETBOX_ACME_CONFIG=settings)
    assert (run.code, run.lines) == (0, [])
    (item,) = netbox.items
    assert item['tenant'] == {'slug': 'acme-corp'}
    assert 'add_tags' not in item


def test_two_settings_on_one_line(host, netbox, renewed, tmp_path):
    settings = owner_only(tmp_path / 'netbox-acme.conf', f'NETBOX_URL={netbox.url} NETBOX_TOKEN={TOKEN}\n')
    run = deploy(host, renewed, NETBOX_ACME_CONFIG=settings, NETBOX_URL=None, NETBOX_TOKEN=None)
    assert 'two settings in the line of NETBOX_URL' in run.lines[0]
    assert TOKEN not in run.stderr


@pytest.mark.parametrize('timeout', ['abc', '-1', '1.5', '08', '$(touch evil)', '1000000'])
def test_a_time_limit_that_is_no_number(host, netbox, renewed, timeout):
    run = deploy(host, renewed, NETBOX_ACME_TIMEOUT=timeout)
    assert (run.code, len(run.lines), len(netbox.items)) == (0, 1, 1)
    assert 'NETBOX_ACME_TIMEOUT must be a number of seconds' in run.stderr


@pytest.mark.parametrize(
    ('settings', 'words'),
    [
        ({'NETBOX_URL': None}, 'NETBOX_URL is not set'),
        ({'NETBOX_TOKEN': None}, 'NETBOX_TOKEN is not set'),
        ({'NETBOX_URL': 'netbox.example.net'}, 'must begin with https'),
        ({'NETBOX_URL': 'https://user:secret@netbox.example.net'}, 'must not hold'),
        ({'NETBOX_TOKEN': 'x\nX-Evil: 1'}, 'characters that no token has'),
    ],
)
def test_unusable_settings(host, netbox, renewed, settings, words):
    run = deploy(host, renewed, **settings)
    assert (run.code, len(run.lines), netbox.reports) == (0, 1, [])
    assert words in run.stderr
    assert 'secret' not in run.stderr


def test_a_missing_library_fails_no_renewal(host, renewed, tmp_path):
    for file in ('certbot.sh', 'dehydrated.sh', 'lego.sh', 'caddy.sh', 'acme-sh.sh', 'uacme.sh', 'traefik.sh'):
        alone = shutil.copy(host_file(file), tmp_path / file)
        run = host.run(alone, 'deploy_cert')
        assert (run.code, len(run.lines)) == (0, 1), file
        assert 'is missing' in run.stderr


def host_file(name):
    from tests.hooks.running import HOOKS

    return HOOKS / name


def test_a_spool_that_cannot_be_written(host, netbox, renewed, tmp_path):
    (tmp_path / 'file').write_text('')
    run = deploy(host, renewed, NETBOX_ACME_SPOOL=tmp_path / 'file' / 'spool')
    assert run.code == 0
    assert 'cannot be written' in run.stderr
    assert len(netbox.items) == 1, 'it is sent all the same'


def test_a_list_that_breaks_netbox_is_sent_one_by_one(host, netbox, directory):
    for number in range(5):
        certbot(directory, f'www{number}.example.net')
    broken = {'www0', 'www3'}
    netbox.answer = lambda report: Answer(500) if any(each in report.body.decode() for each in broken) else Answer()
    run = host.run('certbot.sh', '--sync', directory)
    assert [len(report.items) for report in netbox.reports] == [5, 1, 1, 1, 1, 1]
    assert [file.name.split(':')[2] for file in host.waiting] == ['www0.example.net', 'www3.example.net']
    assert 'HTTP 500; 2 reports wait in' in run.stderr


@pytest.mark.parametrize(('answer', 'requests'), [(Answer(503, headers={'Retry-After': '60'}), 1), (Answer(502), 4)])
def test_a_netbox_that_is_out_of_order_is_left_alone(host, netbox, directory, answer, requests):
    for number in range(20):
        certbot(directory, f'www{number}.example.net', issued=ISSUED())
    netbox.answer = answer
    run = host.run('certbot.sh', '--sync', directory)
    assert (len(netbox.reports), len(host.waiting), len(run.lines)) == (requests, 20, 1)


def test_of_a_huge_answer_only_the_beginning_is_kept(host, netbox, renewed):
    sizes = host.folder / 'sizes'
    remove = programs.ensure(rm='rm')['rm']
    host.program('rm', f'cat "$TMPDIR"/*/answer 2>/dev/null | wc -c >>"{sizes}"; exec {remove} "$@"')
    host.pass_on('wc')
    netbox.answer = Answer(body=['x' * 1000] * 20_000)
    assert deploy(host, renewed).lines == []
    assert (len(netbox.items), host.waiting) == (1, []), 'NetBox has taken it'
    assert 0 < max(map(int, sizes.read_text().split())) <= 2 * 1024 * 1024


def test_nothing_drives_the_terminal(host, netbox, renewed, directory):
    netbox.answer = Answer(301, headers={'Location': 'https://x.example/\x1b[31m\x07'})
    run = deploy(host, renewed)
    assert 'redirects to https://x.example/[31m: set' in run.stderr
    run = host.run('certbot.sh', RENEWED_LINEAGE=directory / 'live' / 'a\x1b]0;b\nc')
    assert 'a]0;bc' in run.lines[0]
    assert not {'\x1b', '\x07'} & set(run.stderr + ''.join(host.syslog))


@pytest.mark.parametrize('kind', ['/dev/zero', 'pipe'])
def test_what_never_ends_is_not_read(host, netbox, renewed, tmp_path, kind):
    if kind == 'pipe':
        kind = tmp_path / 'pipe'
        os.mkfifo(kind)
    (renewed / 'fullchain.pem').unlink()
    (renewed / 'fullchain.pem').symlink_to(kind)
    run = deploy(host, renewed)
    assert (run.code, netbox.reports) == (0, [])
    assert 'is not a file' in run.lines[0]


@pytest.mark.parametrize('which', ['writable', 'link', 'foreign'])
def test_a_spool_where_others_write_is_not_used(host, netbox, renewed, tmp_path, which):
    """They could have put a link there, to a file that only this user may read, or write."""
    secret = owner_only(tmp_path / 'secret', '"root:$6$secret"')
    other = 12345
    host.spool.mkdir(mode=0o700)
    (host.spool / 'x').symlink_to(secret)
    (host.spool / '.not-before').symlink_to(secret)
    if which == 'writable':
        host.spool.chmod(0o777)
    elif which == 'foreign':
        os.chown(host.spool, other, other)
    else:
        host.spool.rename(tmp_path / 'elsewhere')
        host.spool.symlink_to(tmp_path / 'elsewhere')
        os.lchown(host.spool, other, other)
    netbox.answer = Answer(503, headers={'Retry-After': '60'})
    run = deploy(host, renewed)
    assert 'or others may write there' in run.lines[0]
    assert '1 reports are lost' in run.lines[1]
    assert secret.read_text() == '"root:$6$secret"'
    assert b'secret' not in netbox.reports[0].body


@pytest.mark.parametrize(
    'address', ['root@nas', 'root', 'a b@example.net', 'x@.example.net', 'x@example.n', 'ü@example.net']
)
def test_an_unusable_address_loses_no_report(host, netbox, directory, address):
    for number in range(3):
        certbot(directory, f'www{number}.example.net')
    run = host.run('certbot.sh', '--sync', directory, NETBOX_ACME_EMAIL=address)
    assert len(run.lines) == 1
    assert 'is not a whole e-mail address' in run.stderr
    assert [item.get('acme_account_email') for item in netbox.items] == [None] * 3


@pytest.mark.parametrize(
    'address', ['ops@example.net', "o'p+s/x@mail.a-b.example", 'root@localhost', 'x@xn--bcher-kva.example']
)
def test_usable_addresses(host, netbox, renewed, address):
    validate_email(address)
    assert deploy(host, renewed, NETBOX_ACME_EMAIL=address).lines == []
    assert netbox.items[0]['acme_account_email'] == address
