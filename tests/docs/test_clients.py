"""The guides for ACME clients: their commands run as written, and their tables are complete."""

import base64
import configparser
import re
import shlex
import textwrap
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


def objects_of(manifest):
    """Return kind → object of a manifest as provided by *Connect a client*, where it contains the hook."""
    return {each['kind']: each for each in yaml.safe_load_all(file_text(manifest))}


def written_secret(page):
    """Return the secret in a guide."""
    text = (GUIDES / f'{page}.md').read_text(encoding='utf-8')
    (written,) = re.findall(r'```yaml\n(.*?)```', text, re.DOTALL)
    return yaml.safe_load(textwrap.dedent(f'    {written.strip()}'))


def run_job(host, objects, secret, tmp_path, folder=None):  # noqa: F811
    """Run the command of the CronJob with the environment and the files that Kubernetes would give it."""
    pod = objects['CronJob']['spec']['jobTemplate']['spec']['template']['spec']
    (container,) = pod['containers']
    (env_from,) = [each['secretRef']['name'] for each in container['envFrom']]
    assert (env_from, secret['metadata']['namespace']) == (secret['metadata']['name'], 'netbox-acme')
    # Only the URL and the token differ from the guide.
    settings = {name: value for name, value in secret['stringData'].items() if name == 'NETBOX_ACME_SOURCE'}
    assert secret['stringData'].keys() == settings.keys() | {'NETBOX_URL', 'NETBOX_TOKEN'}
    (spool,) = container['env']
    settings[spool['name']] = f'{tmp_path}{spool["value"]}'
    (tmp_path / 'tmp').mkdir(exist_ok=True)
    mounts = {each['name']: each['mountPath'] for each in container['volumeMounts']}
    config_map = objects['ConfigMap']
    assert {each['name']: each.get('configMap') for each in pod['volumes']}['hook'] == {
        'name': config_map['metadata']['name']
    }
    for name, text in config_map['data'].items():
        file = Path(f'{tmp_path}{mounts["hook"]}') / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    shell, hook, *arguments = container['command']
    assert shell == 'sh'
    arguments = [f'{tmp_path}{each}' if each.startswith('/') else each for each in arguments]
    return host.run(f'{tmp_path}{hook}', *arguments, NETBOX_ACME_MACHINE_ID='', **settings)


@pytest.mark.parametrize('client', [client for client in CLIENTS if client.manifest], ids=lambda client: client.key)
def test_manifests_are_whole(client):
    """The line that is shown creates everything that it needs, and the hook in the manifest is the one of the file."""
    objects = objects_of(client.manifest)
    job, config_map = objects['CronJob'], objects['ConfigMap']
    assert config_map['data'] == {client.file: file_text(client.file)}
    namespace = objects['Namespace']['metadata']['name']
    for kind in ('ServiceAccount', 'ConfigMap', 'CronJob'):
        assert objects[kind]['metadata']['namespace'] == namespace
    pod = job['spec']['jobTemplate']['spec']['template']['spec']
    account = objects['ServiceAccount']['metadata']['name']
    assert pod['serviceAccountName'] == account
    (subject,) = objects['ClusterRoleBinding']['subjects']
    assert (subject['name'], subject['namespace']) == (account, namespace)
    assert objects['ClusterRoleBinding']['roleRef']['name'] == objects['ClusterRole']['metadata']['name']
    secret = yaml.safe_load(client.settings('https://netbox.example.com'))
    assert secret == written_secret(client.key)
    assert secret['metadata']['namespace'] == namespace
    apply, now = [line for line in commands(client.key) if 'kubectl' in line]
    assert apply == client.line == f'kubectl apply -f {client.manifest} -f netbox-acme-secret.yaml'
    assert now == client.sync
    assert f'-n {namespace} ' in now and f'--from=cronjob/{job["metadata"]["name"]} ' in now


def asked_of_kubectl(host):  # noqa: F811
    return {
        resource.partition('.')[0]
        for line in host.command_lines.splitlines()
        if line.startswith('kubectl get ')
        for resource in line.split()[2].split(',')
    }


def test_the_cron_job_of_cert_manager_as_written(host, netbox, tmp_path):  # noqa: F811
    host.record()
    host.kubectl(*lineages.cert_manager(lineages.issue_acme('www.example.net')))
    objects = objects_of('cert-manager.yaml')
    run = run_job(host, objects, written_secret('cert-manager'), tmp_path)
    assert (run.code, run.lines) == (0, [])
    assert netbox.items[0]['external_id'] == 'cert-manager:production:shop/www'
    # It requests from kubectl exactly what its role permits, and no secrets.
    rules = objects['ClusterRole']['rules']
    assert asked_of_kubectl(host) == {resource for rule in rules for resource in rule['resources']}
    of_cert_manager, of_cluster = rules
    assert (of_cert_manager['apiGroups'], of_cert_manager['verbs']) == (['cert-manager.io'], ['get', 'list'])
    # Of the namespace of the system, its UID
    assert (of_cluster['apiGroups'], of_cluster['verbs']) == ([''], ['get'])
    assert of_cluster['resourceNames'] == ['kube-system']


def test_the_cron_job_of_kubernetes_as_written(host, netbox, tmp_path):  # noqa: F811
    host.record()
    chain = base64.b64encode(lineages.issue_acme('www.example.net').fullchain_pem.encode()).decode()
    host.program('kubectl', f'case "$*" in *secrets*) printf "shop/www\\t%s\\n" {chain} ;; *) printf 2f1e ;; esac')
    objects = objects_of('kubernetes.yaml')
    run = run_job(host, objects, written_secret('kubernetes'), tmp_path)
    assert (run.code, run.lines) == (0, [])
    assert netbox.items[0]['external_id'] == 'kubernetes:production:shop/www'
    rules = objects['ClusterRole']['rules']
    assert asked_of_kubectl(host) == {resource for rule in rules for resource in rule['resources']}
    assert [rule['verbs'] for rule in rules] == [['list'], ['get']]


@pytest.mark.parametrize('is_listed', [False, True])
def test_the_cron_job_of_endpoints_as_written(host, netbox, tmp_path, is_listed):  # noqa: F811
    (tmp_path / 'endpoints').mkdir()
    if is_listed:
        (tmp_path / 'endpoints' / 'endpoints').write_text('127.0.0.1:1\n')
    else:
        unset = {'server_name': '', 'starttls': '', 'ca_file': '', 'interval': None, 'checked_at': None}
        endpoint = {'address': '127.0.0.1', 'port': 1, 'monitor': 'production', **unset}
        netbox.endpoints['monitor=production'] = [endpoint]
    objects = objects_of('served.yaml')
    pod = objects['CronJob']['spec']['jobTemplate']['spec']['template']['spec']
    assert pod['automountServiceAccountToken'] is False
    run = run_job(host, objects, written_secret('cert-manager'), tmp_path)
    assert (run.code, run.lines) == (0, [])
    assert netbox.listed['external_ids'] == ['served:production:127.0.0.1:1']


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


@pytest.mark.parametrize('client', ['certbot', 'acme-sh', 'lego', 'uacme', 'caddy', 'traefik', 'mod-md', 'files'])
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


def test_the_line_for_cron_of_endpoints_as_written(host, netbox, tmp_path):  # noqa: F811
    text = (GUIDES.parent / 'watch-endpoints.md').read_text(encoding='utf-8')
    (line,) = re.findall(r'^ *(\*/15 .*)$', text, re.MULTILINE)
    *schedule, user, command = line.split(maxsplit=6)
    assert (len(schedule), user) == (5, 'root')
    (tmp_path / 'endpoints').write_text('127.0.0.1:1\n')
    script = tmp_path / 'cron'
    script.write_text(command.replace(INSTALLED, str(HOOKS)))
    run = host.run(script, NETBOX_ENDPOINTS=tmp_path / 'endpoints')
    assert (run.code, run.stdout, run.lines) == (0, '', [])
    assert netbox.listed['external_ids'] == ['served:web01.example.net:127.0.0.1:1']


def test_acme_sh_replaces_deploy_hooks():
    """Where somebody may copy the command from, the other hooks of the certificate are mentioned."""
    (client,) = [client for client in CLIENTS if client.key == 'acme-sh']
    comment = (HOOKS / client.file).read_text().partition('set -u')[0]
    for text in (str(client.place), (GUIDES / 'acme-sh.md').read_text(encoding='utf-8'), comment):
        assert 'replaces' in text and '--deploy-hook haproxy,netbox' in text


def test_the_line_for_cron_as_written(host, netbox, machine):  # noqa: F811
    host.record()
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
        lines = (GUIDES.parents[1] / f'{client.guide_page}.md').read_text(encoding='utf-8').splitlines()
        for line in client.line.splitlines():
            assert any(line in each for each in lines), line


def test_every_setting_is_in_the_table():
    library = (HOOKS / 'lib.sh').read_text()
    known = set(re.search(r'^SETTINGS="(.*?)"', library, re.MULTILINE | re.DOTALL)[1].replace('\\', '').split())
    page = (GUIDES / 'index.md').read_text(encoding='utf-8')
    documented = set(re.findall(r'^\| `(NETBOX_\w+)`', page, re.MULTILINE))
    assert documented == known | {'NETBOX_ACME_CONFIG'}
