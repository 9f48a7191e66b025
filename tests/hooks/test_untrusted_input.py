"""Untrusted input: a spool, a chain, a response, or a name may be malicious."""

import os

import pytest

from tests.hooks.fake_netbox import Answer
from tests.hooks.running import deploy, owner_only
from tests.support import programs


def test_a_spool_that_cannot_be_written(host, netbox, renewed, tmp_path):
    (tmp_path / 'file').write_text('')
    run = deploy(host, renewed, NETBOX_ACME_SPOOL=tmp_path / 'file' / 'spool')
    assert run.code == 0
    assert 'cannot be written' in run.stderr
    assert len(netbox.items) == 1, 'it is sent all the same'


def test_only_the_start_of_a_huge_response_is_kept(host, netbox, renewed):
    sizes = host.folder / 'sizes'
    remove = programs.find('rm')
    host.program('rm', f'cat "$TMPDIR"/*/answer 2>/dev/null | wc -c >>"{sizes}"; exec {remove} "$@"')
    host.pass_on('wc')
    netbox.answer = Answer(body=['x' * 1000] * 20_000)
    assert deploy(host, renewed).lines == []
    assert (len(netbox.items), host.waiting) == (1, []), 'NetBox has taken it'
    assert 0 < max(map(int, sizes.read_text().split())) <= 2 * 1024 * 1024


def test_control_sequences_do_not_reach_the_terminal(host, netbox, renewed, directory):
    netbox.answer = Answer(301, headers={'Location': 'https://x.example/\x1b[31m\x07'})
    run = deploy(host, renewed)
    assert 'redirects to https://x.example/[31m: set' in run.stderr
    run = host.run('certbot.sh', RENEWED_LINEAGE=directory / 'live' / 'a\x1b]0;b\nc')
    assert 'a]0;bc' in run.lines[0]
    assert not {'\x1b', '\x07'} & set(run.stderr + ''.join(host.syslog))


@pytest.mark.parametrize('kind', ['/dev/zero', 'pipe'])
def test_endless_files_are_not_read(host, netbox, renewed, tmp_path, kind):
    if kind == 'pipe':
        kind = tmp_path / 'pipe'
        os.mkfifo(kind)
    (renewed / 'fullchain.pem').unlink()
    (renewed / 'fullchain.pem').symlink_to(kind)
    run = deploy(host, renewed)
    assert (run.code, netbox.reports) == (0, [])
    assert 'is not a file' in run.lines[0]


@pytest.mark.parametrize('which', ['writable', 'link', 'foreign'])
def test_a_spool_writable_by_others_is_not_used(host, netbox, renewed, tmp_path, which):
    """Others could have put a link there to a file that only this user may read or write."""
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
    assert 'or is writable by others' in run.lines[0]
    assert '1 reports are lost' in run.lines[1]
    assert secret.read_text() == '"root:$6$secret"'
    assert b'secret' not in netbox.reports[0].body
