"""
The ACME clients and other programs that can report to NetBox, each with its hook and the line for its own
configuration. The hooks are in the folder ``hooks``. Each is offered as a single file that includes the library they
share.
"""

import re
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from netbox_ssl.utilities import shipped_folder

__all__ = ('CLIENTS', 'FILES', 'INSTALLED', 'Client', 'file_text')

# Where the guides install the hooks
INSTALLED = '/usr/local/lib/netbox-acme'
# The library of the hooks. Each hook sources its first file with exactly this line, which is replaced by all files.
LIBRARY = ('lib.sh', 'lib-certificate.sh', 'lib-report.sh', 'lib-sending.sh', 'lib-source.sh')
SOURCES_LIBRARY = '. "$lib"\n'
# Parts of a hook that no other hook has
SOURCES_PART = re.compile(r'^\. "\$\{lib%lib\.sh\}([\w-]+\.sh)"$', re.MULTILINE)

CONFIGURATION = 'NETBOX_URL={url}\nNETBOX_TOKEN=nbt_…\n'
# Separate from the manifest, which is applied again with each update
SECRET = """\
apiVersion: v1
kind: Secret
metadata:
  name: netbox-acme
  namespace: netbox-acme
stringData:
  NETBOX_URL: {url}
  NETBOX_TOKEN: nbt_…
  # The name of the cluster
  NETBOX_ACME_SOURCE: production
"""
# The ConfigMap with a hook, which completes the manifests
CONFIG_MAP = """\
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {name}
  namespace: netbox-acme
data:
  {file}: |
"""


@dataclass(frozen=True)
class Client:
    """An ACME client or another program: its hook, and the line for its own configuration."""

    # The client of the sources, with which their external IDs start
    name: str
    label: str
    file: str
    # Where the line goes
    place: str
    line: str
    # The command that reports everything that exists
    sync: str = ''
    others: tuple[str, ...] = ()
    # The manifest that is applied instead of installing the hook on a host
    manifest: str = ''
    # The page of the documentation
    guide: str = ''

    @property
    def key(self) -> str:
        return self.file.removesuffix('.sh')

    @property
    def path(self) -> str:
        return f'{INSTALLED}/{self.file}'

    @property
    def main_file(self) -> str:
        """Return the file that is saved first."""
        return self.manifest or self.file

    @property
    def guide_page(self) -> str:
        return self.guide or f'how-to/clients/{self.key}'

    def settings(self, url: str) -> str:
        """Return the settings for the NetBox at this URL."""
        return (SECRET if self.manifest else CONFIGURATION).format(url=url)


def _client(name, label, file, place, line, sync='--sync', others=(), **more) -> Client:
    path = f'{INSTALLED}/{file}'
    return Client(name, label, file, place, line.replace('{path}', path), f'{path} {sync}'.strip(), others, **more)


def _in_cluster(name, label, file, job) -> Client:
    manifest = file.replace('.sh', '.yaml')
    return Client(
        name,
        label,
        file,
        _('Create the objects in the cluster; a CronJob then reports every hour:'),
        f'kubectl apply -f {manifest} -f netbox-acme-secret.yaml',
        f'kubectl -n netbox-acme create job --from=cronjob/{job} {job}-now',
        (file,),
        manifest,
    )


TIMERS = ('netbox-acme@.service', 'netbox-acme@.timer', 'netbox-acme.cron')
POLLING = ('netbox-acme@.service', 'netbox-acme-poll@.timer')

CLIENTS = (
    _client(
        'certbot',
        'certbot',
        'certbot.sh',
        _('A deploy hook for all lineages:'),
        'mkdir -p /etc/letsencrypt/renewal-hooks/deploy\nln -sf {path} /etc/letsencrypt/renewal-hooks/deploy/netbox',
        others=TIMERS,
    ),
    _client(
        'acme.sh',
        'acme.sh',
        'acme-sh.sh',
        _(
            'A deploy hook. Run the second line once for each certificate. It replaces the deploy hooks of the '
            'certificate: name those it has as well, as in "--deploy-hook haproxy,netbox".'
        ),
        'echo \'netbox_deploy() { {path} "$6"; }\' >~/.acme.sh/deploy/netbox.sh\n'
        'acme.sh --deploy -d www.example.net --ecc --deploy-hook netbox',
        others=TIMERS,
    ),
    _client(
        'lego',
        'lego',
        'lego.sh',
        _('lego 4: added to "run" (as --run-hook) and "renew"; lego 5: as --deploy-hook:'),
        '--renew-hook "{path} https://acme-v02.api.letsencrypt.org/directory http-01"',
        '--sync /var/lib/lego https://acme-v02.api.letsencrypt.org/directory http-01',
        others=TIMERS,
    ),
    _client(
        'caddy',
        'Caddy',
        'caddy.sh',
        _('Caddy runs no hooks by default, so a timer reads its storage:'),
        'systemctl enable --now netbox-acme-poll@caddy.timer',
        others=POLLING,
    ),
    _client(
        'traefik',
        'Traefik',
        'traefik.sh',
        _('Traefik runs no hooks, so a timer reads its acme.json:'),
        'systemctl enable --now netbox-acme-poll@traefik.timer',
        others=POLLING,
    ),
    _in_cluster('cert-manager', 'cert-manager', 'cert-manager.sh', 'netbox-acme'),
    _client(
        'dehydrated',
        'dehydrated',
        'dehydrated.sh',
        _('In the hook script that dehydrated already runs:'),
        'case $1 in deploy_cert|unchanged_cert) {path} "$@" ;; esac',
        others=TIMERS,
    ),
    _client(
        'uacme',
        'uacme',
        'uacme.sh',
        _('After it has issued a certificate:'),
        'uacme … issue www.example.net && '
        '{path} www.example.net https://acme-v02.api.letsencrypt.org/directory http-01',
        '--sync /etc/ssl/uacme https://acme-v02.api.letsencrypt.org/directory http-01',
        others=TIMERS,
    ),
    _client(
        'mod_md',
        'Apache mod_md',
        'mod-md.sh',
        _('In the configuration of Apache:'),
        'MDMessageCmd {path}',
        others=TIMERS,
    ),
    _client(
        'files',
        _('Files'),
        'files.sh',
        _('A timer reads the files that have changed. Name them with "systemctl edit netbox-acme@files.service":'),
        '[Service]\nExecStart=\nExecStart={path} --sync /etc/nginx/tls/*.pem',
        "--sync '/etc/nginx/tls/*.pem'",
        others=TIMERS,
    ),
    _in_cluster('kubernetes', _('Kubernetes secrets'), 'kubernetes.sh', 'netbox-acme-secrets'),
    _client(
        'served',
        _('Endpoints'),
        'served.sh',
        _(
            'A timer checks the endpoints that have this host as their monitor in NetBox, or are in '
            '/etc/netbox-acme-endpoints:'
        ),
        'systemctl enable --now netbox-acme-poll@served.timer',
        others=('served.yaml', *POLLING),
        guide='how-to/watch-endpoints',
    ),
)
FILES = {name for client in CLIENTS for name in (client.main_file, client.file, *client.others)} | set(LIBRARY)
# Manifest → its ConfigMap, and the hook in it
CONFIG_MAPS = {
    'cert-manager.yaml': ('netbox-acme-hook', 'cert-manager.sh'),
    'kubernetes.yaml': ('netbox-acme-secrets-hook', 'kubernetes.sh'),
    'served.yaml': ('netbox-acme-endpoints-hook', 'served.sh'),
}


def file_text(name: str) -> str:
    """
    Return the text of one of ``FILES``: a hook including its library, a manifest including its hook. Raises
    FileNotFoundError if it does not exist.
    """
    folder = shipped_folder('hooks', holding='lib.sh')
    if name not in FILES or folder is None:
        raise FileNotFoundError(name)
    text = (folder / name).read_text(encoding='utf-8')
    if name in CONFIG_MAPS:
        config_map, hook = CONFIG_MAPS[name]
        script = ''.join(f'    {line}' if line.strip() else line for line in file_text(hook).splitlines(keepends=True))
        return text + CONFIG_MAP.format(name=config_map, file=hook) + script
    if SOURCES_LIBRARY not in text:
        return text
    library = '\n'.join(_without_sourcing((folder / part).read_text(encoding='utf-8')) for part in LIBRARY)
    text = SOURCES_PART.sub(lambda part: _without_sourcing((folder / part[1]).read_text(encoding='utf-8')), text)
    client = _without_sourcing(text, shebang=True)
    return client.replace(SOURCES_LIBRARY, f'\n{library}\n# What is particular to this client\n')


def _without_sourcing(text: str, shebang=False) -> str:
    """Return a hook or a part of its library without the lines that find and load the other parts."""
    unwanted = ('lib=', '[ -r "$lib"', '# shellcheck', '# The other parts', 'for part in', '. "${lib%')
    unwanted += () if shebang else ('#!',)
    return ''.join(line for line in text.splitlines(keepends=True) if not line.startswith(unwanted))
