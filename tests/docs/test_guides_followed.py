"""Each guide for a client is followed word by word on a fresh host, and its certificate arrives under its usual ID."""

import re
import textwrap
from pathlib import Path

import pytest

from netbox_ssl.imports.clients import FILES, file_text
from tests.docs.fresh_host import FreshHost
from tests.hooks import lineages
from tests.hooks.conftest import netbox  # noqa: F401  (fixture)
from tests.support.factories import issue_acme

GUIDES = Path(__file__).resolve().parents[2] / 'docs' / 'how-to'
NAME = 'www.example.net'
ISSUED = issue_acme(NAME)
# What a reader does, in the order of the page
STEP = re.compile(
    r"""
    Save\ `(?P<hook>[\w-]+\.sh)`\ from\ \*Connect\ a\ client\*[\w\s]*?`(?P<path>/[^`]+)`
    | Write\ \[the\ settings\]\([^)]*\)\s+to\s+`(?P<settings>/[^`]+)`
    | Save\ (?:these\ lines|this\ script)\ as\ `(?P<script>/[^`]+)`
    | List\ the\ endpoints\ in\ `(?P<list>/[^`]+)`
    | with\ the\ timer\s+`(?P<timer>netbox-acme[\w-]*@[\w-]+\.timer)`
    | `(?P<enable>systemctl\ enable\ --now\ [^`]+)`
    | systemctl\ edit\ (?P<service>netbox-acme@[\w-]+\.service)
    | ^(?P<indent>\ *)```(?P<language>\w+)\n(?P<block>.*?)^\ *```$
    """,
    re.VERBOSE | re.MULTILINE | re.DOTALL,
)
DEPLOY = """#!/bin/sh
. ~/.acme.sh/deploy/netbox.sh
folder=~/.acme.sh/www.example.net_ecc
netbox_deploy www.example.net $folder/www.key $folder/www.cer $folder/ca.cer $folder/fullchain.cer $folder/www.pfx
"""
# lego splits its hook at spaces, and runs it without a shell.
LEGO = """#!/bin/sh
set -f
while [ $# -gt 0 ]; do
    case $1 in --run-hook | --renew-hook | --deploy-hook) hook=$2 ;; esac
    shift
done
LEGO_CERT_PATH=/var/lib/lego/certificates/www.example.net.crt exec $hook
"""


def blocks_of(page, language):
    text = (GUIDES / f'{page}.md').read_text(encoding='utf-8')
    found = re.findall(rf'^( *)```{language}\n(.*?)^ *```$', text, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _indent, block in found]


class Reader:
    """Follows the steps of a page: creates files on the host, and collects the commands in ``script``."""

    def __init__(self, host: FreshHost):
        self.host = host
        self.script = ''
        # The next block is the content of this file.
        self.next_file = ''
        self.service = ''
        for name in FILES:
            if name.startswith('netbox-acme'):
                host.path(f'/root/downloads/{name}').write_text(file_text(name))

    def write(self, path, text, mode=0o600):
        file = self.host.path(path)
        file.write_text(text)
        file.chmod(mode)

    def follow(self, text, is_wanted=lambda block: True):
        for step in STEP.finditer(text):
            given = {name: value for name, value in step.groupdict().items() if value is not None}
            if 'hook' in given:
                self.write(given['path'], file_text(given['hook']), 0o755)
            elif 'settings' in given:
                self.write(given['settings'], self.host.settings)
            elif path := given.get('script') or given.get('list'):
                self.next_file = path
            elif 'service' in given:
                self.service = given['service']
            elif 'timer' in given or 'enable' in given:
                self._start(given.get('enable') or f'systemctl enable --now {given["timer"]}')
            elif is_wanted(given['block']):
                self._take(given['language'], textwrap.dedent(given['block']))

    def _take(self, language, block):
        if self.next_file:
            self.write(self.next_file, block, 0o755)
            self.script += f'{self.next_file}\n' if language == 'sh' else ''
            self.next_file = ''
        elif language == 'ini':
            self.write(f'/etc/systemd/system/{self.service}.d/override.conf', block)
        elif language == 'sh':
            self.script += block

    def _start(self, enable):
        """As described under "Run it every night", to which the pages refer."""
        copied = next(block for block in blocks_of('clients/index', 'sh') if block.startswith('cp netbox-acme@'))
        client = re.search(r'@([\w-]+)\.timer', enable)[1]
        (sync,) = re.findall(rf'^/usr/local/lib/netbox-acme/{client}\.sh --sync.*', self.script, re.MULTILINE)[-1:]
        override = f'[Service]\nExecStart=\nExecStart={sync}\n'
        self.write(f'/etc/systemd/system/netbox-acme@{client}.service.d/override.conf', override)
        *lines, _enable = copied.splitlines()
        self.enabled = '\n'.join([*lines, enable, ''])


def follow(host, page, *parts, skip=''):
    """Follow a page, or its parts with these headings, and return the run."""
    text = (GUIDES / f'{page}.md').read_text(encoding='utf-8')
    if parts:
        text = ''.join(re.search(rf'^## {part}\n.*?(?=^## |\Z)', text, re.MULTILINE | re.DOTALL)[0] for part in parts)
    reader = Reader(host)
    reader.follow(text, lambda block: not skip or skip not in block)
    # The nightly run comes last.
    return host.run(reader.script + getattr(reader, 'enabled', ''))


def ids(netbox):  # noqa: F811
    return {item['external_id'] for item in netbox.items}


@pytest.fixture
def fresh(tmp_path, netbox):  # noqa: F811
    return FreshHost(tmp_path, netbox.url)


def acme_sh(host):
    home = host.path('/root/.acme.sh/account.conf')
    home.write_text('')
    host.path('/root/.acme.sh/deploy/x')
    folder = home.parent / f'{NAME}_ecc'
    lineages.written(folder / 'fullchain.cer', ISSUED.fullchain_pem)
    lineages.written(folder / f'{NAME}.conf', f"Le_API='{lineages.DIRECTORY}'\nLe_CertCreateTime='1795479661'\n")
    host.program('acme.sh', DEPLOY)


def lego(host):
    lineages.lego(host.path('/var/lib/lego/x').parent, issued=ISSUED)
    host.program('lego', LEGO)


def uacme(host):
    lineages.written(host.path(f'/etc/ssl/uacme/{NAME}/cert.pem'), ISSUED.fullchain_pem)
    host.program('uacme', '#!/bin/sh\n')


def dehydrated(host):
    lineages.dehydrated(host.path('/var/lib/dehydrated/x').parent, issued=ISSUED)
    host.program('dehydrated', '#!/bin/sh\necho \'declare -- CA="https://ca.example.net/directory"\'\n')


def caddy(host):
    folder = f'/var/lib/caddy/.local/share/caddy/certificates/ca/{NAME}/{NAME}.crt'
    lineages.written(host.path(folder), ISSUED.fullchain_pem)


def files(host):
    lineages.written(host.path('/etc/nginx/tls/www.pem'), ISSUED.fullchain_pem)
    lineages.written(host.path('/etc/haproxy/certs/site.pem'), ISSUED.fullchain_pem + ISSUED.key_pem)
    lineages.written(host.path('/opt/tomcat/conf/keystore.jks'), 'x')
    listing = f'Alias name: tomcat\nEntry type: PrivateKeyEntry\n{ISSUED.fullchain_pem}'
    host.program('keytool', f"#!/bin/sh\ncat <<'END'\n{listing}END\n")


def opnsense(host):
    home = host.path('/var/etc/acme-client/cert-home/5f0a/x').parent
    lineages.written(home / 'account.conf', '')
    lineages.written(home / NAME / 'fullchain.cer', ISSUED.fullchain_pem)
    lineages.written(home / NAME / f'{NAME}.conf', "Le_CertCreateTime='1795479661'\n")


def mod_md(host):
    domain = host.path(f'/etc/apache2/md/domains/{NAME}/x').parent
    lineages.written(domain / 'pubcert.pem', ISSUED.fullchain_pem)


FOLLOWED = {
    'certbot': (
        lambda host: lineages.certbot(host.path('/etc/letsencrypt/x').parent, issued=ISSUED),
        {f'certbot:web01.example.net:{NAME}'},
    ),
    'acme-sh': (acme_sh, {f'acme.sh:web01.example.net:{NAME}_ecc'}),
    'lego': (lego, {f'lego:web01.example.net:{NAME}'}),
    'uacme': (uacme, {f'uacme:web01.example.net:{NAME}'}),
    'dehydrated': (dehydrated, {f'dehydrated:web01.example.net:{NAME}'}),
    'caddy': (caddy, {f'caddy:web01.example.net:ca/{NAME}'}),
    'traefik': (
        lambda host: lineages.traefik(host.path('/etc/traefik/acme.json'), ISSUED, resolver='letsencrypt'),
        {f'traefik:web01.example.net:letsencrypt/default/{NAME}'},
    ),
    'mod-md': (mod_md, {f'mod_md:web01.example.net:{NAME}'}),
    'files': (
        files,
        {
            'files:web01.example.net/etc/nginx/tls:www.pem',
            'files:web01.example.net/etc/haproxy/certs:site.pem',
            'files:web01.example.net/opt/tomcat/conf/keystore.jks:tomcat',
        },
    ),
    'containers': (
        lambda host: lineages.certbot(host.path('/srv/npm/letsencrypt/x').parent, 'npm-1', ISSUED),
        {'certbot:web01.example.net/srv/npm/letsencrypt:npm-1'},
    ),
}


@pytest.mark.parametrize('page', FOLLOWED)
def test_a_guide(fresh, netbox, page):  # noqa: F811
    prepare, expected = FOLLOWED[page]
    prepare(fresh)
    run = follow(fresh, f'clients/{page}')
    assert (run.code, run.stderr) == (0, '')
    assert ids(netbox) == expected
    assert {item['machine_id'] for item in netbox.items} == {netbox.items[0]['machine_id']}
    if page != 'dehydrated':
        # The first report, and the nightly run
        assert len(netbox.syncs) >= 2
    assert all(sync.items['external_ids'] for sync in netbox.syncs)


@pytest.mark.parametrize(
    ('part', 'prepare', 'expected'),
    [
        ('OPNsense', opnsense, f'acme.sh:web01.example.net/var/etc/acme-client/cert-home/5f0a:{NAME}'),
        (
            'pfSense',
            lambda host: lineages.written(host.path('/conf/acme/www.fullchain'), ISSUED.fullchain_pem),
            'files:web01.example.net/conf/acme:www.fullchain',
        ),
    ],
)
def test_firewalls(fresh, netbox, part, prepare, expected):  # noqa: F811
    prepare(fresh)
    # The settings are described under OPNsense.
    fresh.path('/etc/netbox-acme.conf').write_text(fresh.settings)
    fresh.path('/etc/netbox-acme.conf').chmod(0o600)
    run = follow(fresh, 'clients/pfsense-opnsense', part)
    assert (run.code, run.stderr) == (0, '')
    assert ids(netbox) == {expected}


def test_endpoints(fresh, netbox):  # noqa: F811
    """The examples, with addresses of this machine on which nothing listens."""
    text = (GUIDES / 'watch-endpoints.md').read_text(encoding='utf-8')
    text = re.sub(
        r'^( *)(?:www|shop|mail|ldap)\.example\.net(?=[: \n])|^( *)192\.0\.2\.7', r'\1\g<2>127.0.0.1', text, flags=re.M
    )
    text = re.sub(r'\[2001:db8::7\]', '[::1]', text)
    text = text.replace('127.0.0.1\n', '127.0.0.1:1\n').replace('127.0.0.1 sni', '127.0.0.1:2 sni')
    lineages.written(fresh.path('/etc/ssl/example-ca.pem'), ISSUED.chain_pem)
    reader = Reader(fresh)
    reader.follow(text, lambda block: 'kubectl' not in block and '* * * *' not in block)
    run = fresh.run(reader.script)
    assert (run.code, run.stderr) == (0, '')
    assert len(netbox.syncs) == 2
    assert all(len(sync.items['external_ids']) == 6 for sync in netbox.syncs)
