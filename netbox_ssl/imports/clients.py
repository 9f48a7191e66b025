"""
The ACME clients that can report to NetBox, each with its hook and the line for its own configuration. The hooks are in
the folder ``hooks``. Each is offered as a single file that includes the library they share.
"""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from netbox_ssl.utilities import shipped_folder

__all__ = ('CLIENTS', 'FILES', 'INSTALLED', 'Client', 'file_text')

# Where the guides install the hooks
INSTALLED = '/usr/local/lib/netbox-acme'
# The library of the hooks. Each hook sources its first file with exactly this line, which is replaced by all files.
LIBRARY = ('lib.sh', 'lib-certificate.sh', 'lib-report.sh', 'lib-sending.sh', 'lib-source.sh')
SOURCES_LIBRARY = '. "$lib"\n'


@dataclass(frozen=True)
class Client:
    """An ACME client: its hook, and the line for its own configuration."""

    # The client of the sources, with which their external IDs start
    name: str
    label: str
    file: str
    # Where the line goes
    place: str
    line: str
    # The command that reports all existing certificates
    sync: str = ''
    others: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.file.removesuffix('.sh')

    @property
    def path(self) -> str:
        return f'{INSTALLED}/{self.file}'


def _client(name, label, file, place, line, sync='--sync', others=()) -> Client:
    path = f'{INSTALLED}/{file}'
    return Client(name, label, file, place, line.replace('{path}', path), f'{path} {sync}'.strip(), others)


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
    _client(
        'cert-manager',
        'cert-manager',
        'cert-manager.sh',
        _('A CronJob in the cluster:'),
        'kubectl apply -f cert-manager.yaml',
        others=('cert-manager.yaml',),
    ),
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
)
FILES = {name for client in CLIENTS for name in (client.file, *client.others)} | set(LIBRARY)


def file_text(name: str) -> str:
    """
    Return the text of one of ``FILES``: a hook including its library. Raises FileNotFoundError if it does not exist.
    """
    folder = shipped_folder('hooks', holding='lib.sh')
    if name not in FILES or folder is None:
        raise FileNotFoundError(name)
    text = (folder / name).read_text(encoding='utf-8')
    if SOURCES_LIBRARY not in text:
        return text
    library = '\n'.join(_without_sourcing((folder / part).read_text(encoding='utf-8')) for part in LIBRARY)
    client = _without_sourcing(text, shebang=True)
    return client.replace(SOURCES_LIBRARY, f'\n{library}\n# What is particular to this client\n')


def _without_sourcing(text: str, shebang=False) -> str:
    """Return a hook or a part of its library without the lines that find and load the other parts."""
    unwanted = ('lib=', '[ -r "$lib"', '# shellcheck', '# The other parts', 'for part in', '. "${lib%')
    unwanted += () if shebang else ('#!',)
    return ''.join(line for line in text.splitlines(keepends=True) if not line.startswith(unwanted))
