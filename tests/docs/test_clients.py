"""The guides for ACME clients: their commands run as they are written, their tables hold what there is."""

import re
import shlex
from pathlib import Path

import pytest

from netbox_ssl.connecting import CLIENTS, INSTALLED
from tests.hooks import lineages
from tests.hooks.conftest import host, netbox  # noqa: F401  (fixtures)
from tests.hooks.running import HOOKS

GUIDES = Path(__file__).resolve().parents[2] / 'docs' / 'how-to' / 'clients'
FENCE = re.compile(r'^( *)```sh\n(.*?)^ *```$', re.MULTILINE | re.DOTALL)


def commands(page):
    """The lines of a guide's shell blocks."""
    text = (GUIDES / f'{page}.md').read_text(encoding='utf-8')
    return [line.strip() for _, block in FENCE.findall(text) for line in block.splitlines()]


@pytest.fixture
def machine(host, tmp_path):  # noqa: F811
    """Where a guide's paths lead: what the clients leave, below a folder of the test."""
    lineages.certbot(tmp_path / 'etc' / 'letsencrypt')
    lineages.lego(tmp_path / 'var' / 'lib' / 'lego')
    issued = lineages.issue_acme('www.example.net')
    lineages.written(tmp_path / 'etc/ssl/uacme/www.example.net/cert.pem', issued.fullchain_pem)
    caddy = tmp_path / 'var/lib/caddy/.local/share/caddy/certificates/ca/www.example.net/www.example.net.crt'
    lineages.written(caddy, issued.fullchain_pem)
    return tmp_path


# Guides whose client has its place below a folder that the command names, and how many arguments follow the place
@pytest.mark.parametrize(
    ('page', 'place'),
    [('certbot', '/etc/letsencrypt'), ('lego', ''), ('uacme', ''), ('caddy', '')],
)
def test_the_first_report_as_written(host, netbox, machine, page, place):  # noqa: F811
    (line,) = [line for line in commands(page) if '--sync' in line]
    program, *arguments = shlex.split(line)
    assert program.startswith(INSTALLED)
    arguments = [f'{machine}{word}' if word.startswith('/') else word for word in arguments]
    run = host.run(Path(program).name, *arguments, *([f'{machine}{place}'] if place else []))
    assert (run.code, run.lines) == (0, [])
    (item,) = netbox.items
    assert item['external_id'].endswith('www.example.net')
    if page != 'certbot':
        assert item['acme_challenge_type'] == 'http-01'


def test_the_deploy_hook_of_acme_sh_as_written(host, netbox, tmp_path):  # noqa: F811
    folder = tmp_path / '.acme.sh' / 'www.example.net_ecc'
    issued = lineages.issue_acme('www.example.net')
    chain = lineages.written(folder / 'fullchain.cer', issued.fullchain_pem)
    (tmp_path / '.acme.sh' / 'deploy').mkdir()
    line = next(line for line in commands('acme-sh') if line.startswith('echo'))
    # acme.sh sources the file and calls the function with domain, key, certificate, CA, chain, and PKCS#12 behind it.
    script = tmp_path / 'acme.sh'
    call = f'netbox_deploy www.example.net {folder}/www.key {folder}/www.cer {folder}/ca.cer {chain} {folder}/www.pfx'
    script.write_text(f'{line}\n. ~/.acme.sh/deploy/netbox.sh\n{call}\n'.replace(INSTALLED, str(HOOKS)))
    run = host.run(script)
    assert (run.code, run.lines) == (0, [])
    assert netbox.items[0]['external_id'] == 'acme.sh:web01.example.net:www.example.net_ecc'


def test_the_line_of_dehydrated_as_written(host, netbox, tmp_path):  # noqa: F811
    folder = lineages.dehydrated(tmp_path)
    host.program('dehydrated', 'true')
    (line,) = [line for line in commands('dehydrated') if line.startswith('case')]
    hook = tmp_path / 'hook'
    hook.write_text(f'#!/bin/sh\n{line}\n'.replace(INSTALLED, str(HOOKS)))
    files = [folder / f'{name}.pem' for name in ('privkey', 'cert', 'fullchain', 'chain')]
    assert host.run(hook, 'deploy_cert', 'www.example.net', *files, '1795479661').lines == []
    assert len(netbox.items) == 1


def test_the_page_says_the_same_as_the_guides():
    for client in CLIENTS:
        lines = commands(client.key)
        for line in client.line.splitlines():
            assert any(line in each for each in lines), line


def test_every_setting_is_in_the_table():
    library = (HOOKS / 'lib.sh').read_text()
    known = set(re.search(r'^SETTINGS="(.*?)"', library, re.MULTILINE | re.DOTALL)[1].replace('\\', '').split())
    page = (GUIDES / 'index.md').read_text(encoding='utf-8')
    documented = set(re.findall(r'^\| `(NETBOX_\w+)`', page, re.MULTILINE))
    assert documented == known | {'NETBOX_ACME_CONFIG'}
