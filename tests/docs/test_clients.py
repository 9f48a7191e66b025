"""The guides for ACME clients: their commands run as written, and their tables are complete."""

import configparser
import re
import shlex
from pathlib import Path

import pytest
import yaml

from netbox_ssl.imports.clients import CLIENTS, INSTALLED, file_text
from tests.hooks import lineages
from tests.hooks.conftest import host, netbox  # noqa: F401  (fixtures)
from tests.hooks.reported import external_id
from tests.hooks.running import HOOKS

GUIDES = Path(__file__).resolve().parents[2] / 'docs' / 'how-to' / 'clients'
FENCE = re.compile(r'^( *)```sh\n(.*?)^ *```$', re.MULTILINE | re.DOTALL)


def commands(page):
    """Return the lines of a guide's shell blocks."""
    text = (GUIDES / f'{page}.md').read_text(encoding='utf-8')
    return [line.strip() for _, block in FENCE.findall(text) for line in block.splitlines()]


@pytest.fixture
def machine(host, tmp_path):  # noqa: F811
    """Return a folder with the files that the clients create at the paths of the guides."""
    lineages.certbot(tmp_path / 'etc' / 'letsencrypt')
    lineages.lego(tmp_path / 'var' / 'lib' / 'lego')
    issued = lineages.issue_acme('www.example.net')
    lineages.written(tmp_path / 'etc/ssl/uacme/www.example.net/cert.pem', issued.fullchain_pem)
    caddy = tmp_path / 'var/lib/caddy/.local/share/caddy/certificates/ca/www.example.net/www.example.net.crt'
    lineages.written(caddy, issued.fullchain_pem)
    lineages.traefik(tmp_path / 'etc' / 'traefik' / 'acme.json', issued, resolver='letsencrypt')
    return tmp_path


# Guide, folder of the client if the command does not name it, and challenge type
@pytest.mark.parametrize(
    ('page', 'place', 'challenge'),
    [
        ('certbot', '/etc/letsencrypt', 'http-01'),
        ('lego', '', 'http-01'),
        ('uacme', '', 'http-01'),
        ('caddy', '', 'http-01'),
        ('traefik', '', 'tls-alpn-01'),
    ],
)
def test_the_first_report_as_written(host, netbox, machine, page, place, challenge):  # noqa: F811
    (line,) = [line for line in commands(page) if '--sync' in line]
    program, *arguments = shlex.split(line)
    assert program.startswith(INSTALLED)
    arguments = [f'{machine}{word}' if word.startswith('/') else word for word in arguments]
    run = host.run(Path(program).name, *arguments, *([f'{machine}{place}'] if place else []))
    assert (run.code, run.lines) == (0, [])
    (item,) = netbox.items
    assert item['external_id'].endswith('www.example.net')
    assert item['acme_challenge_type'] == challenge


def test_the_deploy_hook_of_acme_sh_as_written(host, netbox, tmp_path):  # noqa: F811
    folder = tmp_path / '.acme.sh' / 'www.example.net_ecc'
    issued = lineages.issue_acme('www.example.net')
    chain = lineages.written(folder / 'fullchain.cer', issued.fullchain_pem)
    (tmp_path / '.acme.sh' / 'deploy').mkdir()
    line = next(line for line in commands('acme-sh') if line.startswith('echo'))
    # acme.sh sources the file and calls the function with domain, key, certificate, CA, chain and PKCS#12.
    script = tmp_path / 'acme.sh'
    call = f'netbox_deploy www.example.net {folder}/www.key {folder}/www.cer {folder}/ca.cer {chain} {folder}/www.pfx'
    script.write_text(f'{line}\n. ~/.acme.sh/deploy/netbox.sh\n{call}\n'.replace(INSTALLED, str(HOOKS)))
    run = host.run(script)
    assert (run.code, run.lines) == (0, [])
    assert netbox.items[0]['external_id'] == external_id('acme.sh', tmp_path / '.acme.sh', 'www.example.net_ecc')


def test_the_line_of_dehydrated_as_written(host, netbox, tmp_path):  # noqa: F811
    folder = lineages.dehydrated(tmp_path)
    host.program('dehydrated', 'true')
    (line,) = [line for line in commands('dehydrated') if line.startswith('case')]
    hook = tmp_path / 'hook'
    hook.write_text(f'#!/bin/sh\n{line}\n'.replace(INSTALLED, str(HOOKS)))
    files = [folder / f'{name}.pem' for name in ('privkey', 'cert', 'fullchain', 'chain')]
    assert host.run(hook, 'deploy_cert', 'www.example.net', *files, '1795479661').lines == []
    assert len(netbox.items) == 1


def test_the_cron_job_of_cert_manager_as_written(host, netbox, tmp_path):  # noqa: F811
    """The manifest and the guide use the same names, and the manifest's command reports with the guide's settings."""
    objects = {each['kind']: each for each in yaml.safe_load_all((HOOKS / 'cert-manager.yaml').read_text())}
    job = objects['CronJob']
    pod = job['spec']['jobTemplate']['spec']['template']['spec']
    (container,) = pod['containers']
    namespace, config_map, secret, apply, now = [line for line in commands('cert-manager') if 'kubectl' in line]
    assert namespace.split()[-1] == job['metadata']['namespace'] == objects['ServiceAccount']['metadata']['namespace']
    (volume,) = [each['configMap']['name'] for each in pod['volumes'] if 'configMap' in each]
    assert f'create configmap {volume} --from-file=cert-manager.sh' in config_map
    (env_from,) = [each['secretRef']['name'] for each in container['envFrom']]
    assert f'create secret generic {env_from} --from-env-file=netbox-acme.env' in secret
    assert apply.endswith(' cert-manager.yaml')
    assert f'--from=cronjob/{job["metadata"]["name"]} ' in now
    for line in (config_map, secret, now):
        assert f'-n {job["metadata"]["namespace"]} ' in line
    assert pod['serviceAccountName'] == objects['ClusterRoleBinding']['subjects'][0]['name']

    text = (GUIDES / 'cert-manager.md').read_text(encoding='utf-8')
    (written,) = re.findall(r'```text\n(.*?)```', text, re.DOTALL)
    settings = dict(line.strip().split('=', 1) for line in written.splitlines() if line.strip())
    variables = {each['name']: str(tmp_path / 'spool') for each in container['env']}
    assert set(variables) == {'NETBOX_ACME_SPOOL'}
    # Only the URL and the token differ from the guide.
    variables['NETBOX_ACME_SOURCE'] = settings.pop('NETBOX_ACME_SOURCE')
    assert set(settings) == {'NETBOX_URL', 'NETBOX_TOKEN'}
    variables['NETBOX_ACME_MACHINE_ID'] = ''
    host.kubectl(*lineages.cert_manager(lineages.issue_acme('www.example.net')))
    (tmp_path / 'hook').mkdir()
    # As provided by *Connect a Client*, because the ConfigMap contains one file.
    (tmp_path / 'hook' / 'cert-manager.sh').write_text(file_text('cert-manager.sh'))
    shell, hook, *arguments = container['command']
    (mount,) = [each['mountPath'] for each in container['volumeMounts'] if each['name'] == 'hook']
    assert (shell, hook) == ('sh', f'{mount}/cert-manager.sh')
    run = host.run(f'{tmp_path}{hook}', *arguments, **variables)
    assert (run.code, run.lines) == (0, [])
    assert netbox.items[0]['external_id'] == 'cert-manager:production:shop/www'
    # It requests from kubectl exactly what its role permits, and no secrets.
    rules = objects['ClusterRole']['rules']
    asked = {
        resource.partition('.')[0]
        for line in host.command_lines.splitlines()
        if line.startswith('kubectl get ')
        for resource in line.split()[2].split(',')
    }
    assert asked == {resource for rule in rules for resource in rule['resources']}
    of_cert_manager, of_cluster = rules
    assert (of_cert_manager['apiGroups'], of_cert_manager['verbs']) == (['cert-manager.io'], ['get', 'list'])
    # Of the namespace of the system, its UID
    assert (of_cluster['apiGroups'], of_cluster['verbs']) == ([''], ['get'])
    assert of_cluster['resourceNames'] == ['kube-system']


def unit(name):
    """Return the parsed systemd unit file."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    parser.optionxform = str
    parser.read_string((HOOKS / name).read_text())
    return parser


def test_the_systemd_units_as_written():
    service = unit('netbox-acme@.service')['Service']
    timers = {
        name: unit(name)['Timer'].get('Unit', name.replace('.timer', '.service'))
        for name in ('netbox-acme@.timer', 'netbox-acme-poll@.timer')
    }
    # A timer without Unit= starts the service of the same name.
    assert timers == {'netbox-acme@.timer': 'netbox-acme@.service', 'netbox-acme-poll@.timer': 'netbox-acme@%i.service'}
    started = set()
    for page in sorted(GUIDES.glob('*.md')):
        text = page.read_text(encoding='utf-8')
        for name, client in re.findall(r'(netbox-acme[\w-]*@)([\w-]+)\.(?:timer|service)', text):
            assert f'{name}.timer' in timers, f'{page.name}: {name}{client}'
            started.add(client)
    assert {'certbot', 'caddy', 'traefik'} <= started
    for client in started:
        program, *arguments = service['ExecStart'].replace('%i', client).split()
        assert (HOOKS / Path(program).name).exists() and program.startswith(INSTALLED)
        assert arguments == ['--sync']
    assert service['Type'] == 'oneshot'
    assert unit('netbox-acme@.timer')['Timer']['Persistent'] == 'true'
    copied = [line for line in commands('index') if line.startswith('cp ')]
    assert all((HOOKS / word).exists() for line in copied for word in line.split()[1:-1])


def test_overrides_of_the_service_as_written():
    """A oneshot service would run both commands, one of them without its arguments."""
    overrides = 0
    for page in sorted(GUIDES.glob('*.md')):
        for block in re.findall(r'```ini\n(.*?)```', page.read_text(encoding='utf-8'), re.DOTALL):
            lines = [line.strip().removeprefix('ExecStart=') for line in block.splitlines() if 'ExecStart=' in line]
            assert lines[0] == '' and len(lines) == 2, page.name
            program, option, *arguments = shlex.split(lines[1])
            assert (HOOKS / Path(program).name).exists() and program.startswith(INSTALLED)
            assert (option, bool(arguments)) == ('--sync', True)
            overrides += 1
    assert overrides >= 2


@pytest.mark.parametrize('client', ['certbot', 'acme-sh', 'lego', 'uacme', 'caddy', 'traefik'])
def test_every_guide_names_its_timer(client):
    text = (GUIDES / f'{client}.md').read_text(encoding='utf-8')
    assert re.search(rf'netbox-acme(-poll)?@{client}\.timer', text)


def test_the_deploy_hook_of_certbot_as_written_on_a_fresh_host(host, netbox, tmp_path):  # noqa: F811
    live = lineages.certbot(tmp_path / 'etc' / 'letsencrypt')
    lines = [line for line in commands('certbot') if line.startswith(('mkdir', 'ln'))]
    script = tmp_path / 'script'
    text = '\n'.join(lines).replace(INSTALLED, str(HOOKS)).replace('/etc/', f'{tmp_path}/etc/')
    # Again, as after an update
    script.write_text(f'set -e\n{text}\n{text}\n')
    assert host.run(script).lines == []
    run = host.run(tmp_path / 'etc/letsencrypt/renewal-hooks/deploy/netbox', RENEWED_LINEAGE=live)
    assert (run.code, run.lines, len(netbox.items)) == (0, [], 1)


def test_the_line_for_cron_as_written(host, netbox, machine):  # noqa: F811
    (line,) = [line for line in (HOOKS / 'netbox-acme.cron').read_text().splitlines() if line[:1].isdigit()]
    *schedule, user, command = line.split(maxsplit=6)
    assert (len(schedule), user) == (5, 'root')
    host.program('sleep', '')
    script = machine / 'cron'
    # Add the folder of the test
    script.write_text(command.replace(INSTALLED, str(HOOKS)).replace('--sync', f'--sync {machine}/etc/letsencrypt'))
    run = host.run(script)
    assert (run.code, run.stdout, run.lines) == (0, '', [])
    assert len(netbox.items) == 1
    (slept,) = [int(seconds) for seconds in re.findall(r'^sleep (\d+)$', host.command_lines, re.MULTILINE)]
    assert 0 <= slept < 3600


def test_the_page_and_the_guides_show_the_same_commands():
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
