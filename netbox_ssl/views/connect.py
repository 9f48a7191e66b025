"""
*Connect a client*: the file and the one line with which an ACME client reports by itself. The hooks lie in the folder
``hooks``; here each is given as one file, with the library that they share put into it.
"""

from dataclasses import dataclass
from pathlib import Path

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Max
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View
from utilities.views import ConditionalLoginRequiredMixin

from netbox_ssl.models import CertificateSource

from .documentation import documentation_url

__all__ = ('CLIENTS', 'ConnectFileView', 'ConnectView', 'file_text')

PACKAGE = Path(__file__).resolve().parents[1]
# Within the package in a wheel, beside it in a checkout.
FOLDERS = (PACKAGE / 'hooks', PACKAGE.parent / 'hooks')
# Where the guides put the hooks
INSTALLED = '/usr/local/lib/netbox-acme'
# The library of the hooks: a file that sources the others. Each hook sources the first in these very words.
LIBRARY = ('lib.sh', 'lib-certificate.sh', 'lib-report.sh', 'lib-sending.sh')
SOURCES_LIBRARY = '. "$lib"\n'


@dataclass(frozen=True)
class Client:
    """An ACME client: its hook, and what its own configuration has to say."""

    # The external IDs begin with it, and it is the client of the sources.
    name: str
    label: str
    file: str
    # Where the line goes
    place: str
    line: str
    # What reports everything that is there already
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
        gettext_lazy('A deploy hook for all lineages:'),
        'ln -s {path} /etc/letsencrypt/renewal-hooks/deploy/netbox',
        others=TIMERS,
    ),
    _client(
        'acme.sh',
        'acme.sh',
        'acme-sh.sh',
        gettext_lazy('A deploy hook; the second line once for each certificate:'),
        'echo \'netbox_deploy() { {path} "$6"; }\' >~/.acme.sh/deploy/netbox.sh\n'
        'acme.sh --deploy -d www.example.net --ecc --deploy-hook netbox',
        others=TIMERS,
    ),
    _client(
        'lego',
        'lego',
        'lego.sh',
        gettext_lazy('lego 4: added to "run" (as --run-hook) and "renew"; lego 5: as --deploy-hook:'),
        '--renew-hook "{path} https://acme-v02.api.letsencrypt.org/directory http-01"',
        '--sync /var/lib/lego https://acme-v02.api.letsencrypt.org/directory http-01',
        others=TIMERS,
    ),
    _client(
        'caddy',
        'Caddy',
        'caddy.sh',
        gettext_lazy('Caddy runs no hook as it is delivered: a timer looks into its storage.'),
        'systemctl enable --now netbox-acme-poll@caddy.timer',
        others=POLLING,
    ),
    _client(
        'traefik',
        'Traefik',
        'traefik.sh',
        gettext_lazy('Traefik runs no hook: a timer looks into its acme.json.'),
        'systemctl enable --now netbox-acme-poll@traefik.timer',
        others=POLLING,
    ),
    _client(
        'cert-manager',
        'cert-manager',
        'cert-manager.sh',
        gettext_lazy('A CronJob in the cluster:'),
        'kubectl apply -f cert-manager.yaml',
        others=('cert-manager.yaml',),
    ),
    _client(
        'dehydrated',
        'dehydrated',
        'dehydrated.sh',
        gettext_lazy('In the hook program that dehydrated has already:'),
        'case $1 in deploy_cert|unchanged_cert) {path} "$@" ;; esac',
        others=TIMERS,
    ),
    _client(
        'uacme',
        'uacme',
        'uacme.sh',
        gettext_lazy('After it has issued:'),
        'uacme … issue www.example.net && '
        '{path} www.example.net https://acme-v02.api.letsencrypt.org/directory http-01',
        '--sync /etc/ssl/uacme https://acme-v02.api.letsencrypt.org/directory http-01',
        others=TIMERS,
    ),
)
FILES = {name for client in CLIENTS for name in (client.file, *client.others)} | set(LIBRARY)


def file_text(name: str) -> str:
    """The text of one of ``FILES``; a hook with its library in it. Http404 if there is none."""
    folder = next((folder for folder in FOLDERS if (folder / 'lib.sh').is_file()), None)
    if name not in FILES or folder is None:
        raise Http404(_('No such file. If it is a hook, reinstall the plugin from its wheel.'))
    text = (folder / name).read_text(encoding='utf-8')
    if SOURCES_LIBRARY not in text:
        return text
    library = '\n'.join(_without_sourcing((folder / part).read_text(encoding='utf-8')) for part in LIBRARY)
    client = _without_sourcing(text, shebang=True)
    return client.replace(SOURCES_LIBRARY, f'\n{library}\n# What is particular to this client\n')


def _without_sourcing(text: str, shebang=False) -> str:
    """The text of a hook or of a part of its library, without the lines that find and load the other parts."""
    unwanted = ('lib=', '[ -r "$lib"', '# shellcheck', '# The other parts', 'for part in', '. "${lib%')
    unwanted += () if shebang else ('#!',)
    return ''.join(line for line in text.splitlines(keepends=True) if not line.startswith(unwanted))


class ConnectMixin(ConditionalLoginRequiredMixin):
    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not request.user.has_perm('netbox_ssl.view_certificatesource'):
            raise PermissionDenied(_('Connecting clients needs the permission to view certificate sources.'))
        return super().dispatch(request, *args, **kwargs)


class ConnectView(ConnectMixin, View):
    def get(self, request, client=CLIENTS[0].key):
        chosen = next((each for each in CLIENTS if each.key == client), None)
        if chosen is None:
            raise Http404(_('No such client.'))
        sources = CertificateSource.objects.restrict(request.user, 'view')
        rows = sources.values('client').annotate(count=Count('pk'), last=Max('reported_at')).order_by()
        reporting = {row['client']: row for row in rows}
        netbox_url = request.build_absolute_uri(reverse('home')).rstrip('/')
        context = {
            'clients': [(each, reporting.get(each.name, {}).get('count', 0)) for each in CLIENTS],
            'client': chosen,
            'reporting': reporting.get(chosen.name),
            'sources_url': f'{reverse("plugins:netbox_ssl:certificatesource_list")}?client={chosen.name}',
            'settings': f'NETBOX_URL={netbox_url}\nNETBOX_TOKEN=nbt_…\n',
            'text': file_text(chosen.file),
            'guide': documentation_url(f'how-to/clients/{chosen.key}'),
            'token_guide': documentation_url('how-to/clients/index'),
        }
        return render(request, 'netbox_ssl/connect.html', context)


class ConnectFileView(ConnectMixin, View):
    """A file as it is to be saved."""

    def get(self, request, name):
        return HttpResponse(
            file_text(name),
            content_type='text/plain; charset=utf-8',
            headers={'Content-Disposition': f'attachment; filename="{name}"', 'X-Content-Type-Options': 'nosniff'},
        )
