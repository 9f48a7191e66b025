"""Whether and how NetBox responds: the client continues, one line explains errors, and no report is lost."""

import shutil
import time

import pytest

from tests.hooks.fake_netbox import IMPORT, Answer
from tests.hooks.lineages import certbot
from tests.hooks.reported import external_id
from tests.hooks.running import HOOKS, TOKEN, deploy
from tests.support.acme_issuances import issue_acme

DENIED = Answer(403, {'detail': 'You do not have permission to perform this action.'})


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
        (Answer(404, {'detail': 'Not found.'}), 'check NETBOX_URL'),
        (Answer(408), 'HTTP 408'),
        (Answer(429), 'HTTP 429'),
        (Answer(500), 'HTTP 500'),
        (Answer(502), 'HTTP 502'),
        (Answer(never=True), 'cannot be reached'),
        (Answer(301, headers={'Location': 'https://other.example/x'}), 'redirects to https://other.example/x'),
    ],
    ids=lambda value: getattr(value, 'status', ''),
)
def test_reports_wait_if_the_error_can_be_fixed(host, netbox, renewed, answer, words):
    netbox.answer = answer
    # Without a response, a hook that waited for one would not end.
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


def test_a_bad_report_does_not_block_others(host, netbox, directory):
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


def test_a_forbidden_certificate_does_not_block_the_others(host, netbox, directory):
    for number in range(3):
        certbot(directory, f'www{number}.example.net')
    netbox.answer = lambda report: DENIED if any('www1' in item['external_id'] for item in report.items) else Answer()
    run = host.run('certbot.sh', '--sync', directory)
    assert 'does not permit' in run.stderr
    assert [file.name for file in host.waiting] == [
        external_id('certbot', directory, 'www1.example.net').replace('/', '%')
    ]


UNKNOWN_TAG = {'add_tags': ['There is no tag with slug “web”, or … add the permission extras.view_tag.']}
UNKNOWN_TENANT = {'tenant': ['There is no tenant with slug “acme”, or … add the permission tenancy.view_tenant.']}


@pytest.mark.parametrize('body', [UNKNOWN_TAG, UNKNOWN_TENANT], ids=['tag', 'tenant'])
def test_an_unknown_tag_or_tenant_is_one_line_and_loses_no_report(host, netbox, directory, body):
    for number in range(3):
        certbot(directory, f'www{number}.example.net')
    netbox.answer = lambda report: Answer(
        400, {'detail': 'no', 'errors': [{'index': 0, 'errors': body}]} if len(report.items) > 1 else body
    )
    run = host.run('certbot.sh', '--sync', directory, NETBOX_TAGS='web')
    (line,) = run.lines
    assert 'check NETBOX_TENANT and NETBOX_TAGS' in line and 'There is no' in line and 'add the permission' in line
    assert (len(host.waiting), host.bad) == (3, [])
    netbox.answer = Answer()
    run = host.run('certbot.sh', '--sync', directory, NETBOX_TAGS='web')
    assert (run.lines, host.waiting) == ([], [])


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
    assert 'asked to retry later' in run.stderr
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
    cache or cache.append(issue_acme())
    return cache[0]


def test_reports_of_a_killed_run_are_sent(host, netbox, renewed):
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


def test_a_missing_library_does_not_fail_a_renewal(host, renewed, tmp_path):
    for file in ('certbot.sh', 'dehydrated.sh', 'lego.sh', 'caddy.sh', 'acme-sh.sh', 'uacme.sh', 'traefik.sh'):
        alone = shutil.copy(host_file(file), tmp_path / file)
        run = host.run(alone, 'deploy_cert')
        assert (run.code, len(run.lines)) == (0, 1), file
        assert 'is missing' in run.stderr


def host_file(name):
    return HOOKS / name


def test_a_list_that_breaks_netbox_is_sent_one_by_one(host, netbox, directory):
    for number in range(5):
        certbot(directory, f'www{number}.example.net')
    broken = {'www0', 'www3'}
    netbox.answer = lambda report: Answer(500) if any(each in report.body.decode() for each in broken) else Answer()
    run = host.run('certbot.sh', '--sync', directory)
    assert [len(report.items) for report in netbox.reports] == [5, 1, 1, 1, 1, 1]
    assert [file.name.split(':')[2] for file in host.waiting] == ['www0.example.net', 'www3.example.net']
    assert 'HTTP 500; 2 reports wait in' in run.stderr


def test_a_list_that_takes_too_long_is_sent_one_by_one(host, netbox, directory):
    for number in range(3):
        certbot(directory, f'www{number}.example.net')
    netbox.answer = lambda report: Answer(never=len(report.items) > 1)
    run = host.run('certbot.sh', '--sync', directory, NETBOX_ACME_TIMEOUT=4)
    assert [len(report.items) for report in netbox.reports] == [3, 1, 1, 1]
    assert (run.lines, host.waiting) == ([], [])


@pytest.mark.parametrize(('answer', 'requests'), [(Answer(503, headers={'Retry-After': '60'}), 1), (Answer(502), 4)])
def test_a_failing_netbox_is_not_retried_in_a_loop(host, netbox, directory, answer, requests):
    for number in range(20):
        certbot(directory, f'www{number}.example.net', issued=ISSUED())
    netbox.answer = answer
    run = host.run('certbot.sh', '--sync', directory)
    assert (len(netbox.reports), len(host.waiting), len(run.lines)) == (requests, 20, 1)
