"""Settings as people write them: an unusable one is named in one line, and does not affect others."""

import pytest
from django.core.validators import validate_email

from tests.hooks.lineages import certbot
from tests.hooks.running import TOKEN, deploy, owner_only


def test_a_file_of_settings(host, netbox, renewed, tmp_path):
    host.record()
    settings = owner_only(
        tmp_path / 'netbox-acme.conf',
        f'# comment\nNETBOX_URL="{netbox.url}/"\nNETBOX_TOKEN={TOKEN}\nNETBOX_TENANT=acme-corp\n'
        'NETBOX_TAGS=web, production\nPATH=/nowhere\nNETBOX_ACME_EMAIL=$(touch evil)`touch evil`@x\n',
    )
    only = {'NETBOX_URL': None, 'NETBOX_TOKEN': None, 'NETBOX_ACME_CONFIG': settings}
    (line,) = deploy(host, renewed, **only).lines
    assert '$(touch evil)`touch evil`@x is not a complete e-mail address' in line
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
def test_invalid_lines_of_settings_are_ignored(host, netbox, renewed, tmp_path, lines):
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
        ({'NETBOX_URL': 'netbox.example.net'}, 'must start with https'),
        ({'NETBOX_URL': 'https://user:secret@netbox.example.net'}, 'must not contain'),
        ({'NETBOX_TOKEN': 'x\nX-Evil: 1'}, 'characters that are not valid in a token'),
    ],
)
def test_unusable_settings(host, netbox, renewed, settings, words):
    run = deploy(host, renewed, **settings)
    assert (run.code, len(run.lines), netbox.reports) == (0, 1, [])
    assert words in run.stderr
    assert 'secret' not in run.stderr


@pytest.mark.parametrize(
    'address', ['root@nas', 'root', 'a b@example.net', 'x@.example.net', 'x@example.n', 'ü@example.net']
)
def test_an_unusable_email_loses_no_report(host, netbox, directory, address):
    for number in range(3):
        certbot(directory, f'www{number}.example.net')
    run = host.run('certbot.sh', '--sync', directory, NETBOX_ACME_EMAIL=address)
    assert len(run.lines) == 1
    assert 'is not a complete e-mail address' in run.stderr
    assert [item.get('acme_account_email') for item in netbox.items] == [None] * 3


@pytest.mark.parametrize(
    'address', ['ops@example.net', "o'p+s/x@mail.a-b.example", 'root@localhost', 'x@xn--bcher-kva.example']
)
def test_usable_emails(host, netbox, renewed, address):
    validate_email(address)
    assert deploy(host, renewed, NETBOX_ACME_EMAIL=address).lines == []
    assert netbox.items[0]['acme_account_email'] == address
