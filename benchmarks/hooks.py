"""
The cost of ``--sync`` on a host: processor time per lineage, file or endpoint and peak memory, for the hooks in this
checkout and for those of an earlier commit, in turn, with dash and busybox. Needs no NetBox: a server on this machine
responds at once.

    make bench ARGS="hooks --against=<commit>"        1,000 lineages of each client
    make bench ARGS="hooks --lineages=100 --client=certbot"
"""

import atexit
import json
import os
import resource
import subprocess
import tempfile
import threading
import time
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil

from benchmarks import certificates, measure, options
from dev import paths
from tests.support import programs
from tests.support.certificate_factory import issue, make_root

SHELLS = ('dash', 'busybox')
# Programs that the hooks need besides the shell and its tools
OTHERS = ('curl', 'jq', 'openssl')
# In the format of NetBox's tokens, but not a real one
TOKEN = 'nbt_ABCDEFGHIJKL.0123456789abcdefghijklmnopqrstuvwxyzABCD'
DIRECTORY = 'https://acme-v02.api.letsencrypt.org/directory'


#
# Files of the clients on the host
#


def certbot(folder: Path, pems) -> list:
    for number, pem in enumerate(pems):
        live = folder / 'live' / f'www{number}.example.net'
        write(live / 'fullchain.pem', pem)
        (live / 'cert.pem').symlink_to('fullchain.pem')
        conf = f'version = 5.8.0\n[renewalparams]\nauthenticator = webroot\nserver = {DIRECTORY}\n[[webroot_map]]\n'
        write(folder / 'renewal' / f'{live.name}.conf', conf)
    return [folder]


def acme_sh(folder: Path, pems) -> list:
    for number, pem in enumerate(pems):
        name = f'www{number}.example.net'
        write(folder / f'{name}_ecc' / 'fullchain.cer', pem)
        values = {'Le_Webroot': 'dns_cf', 'Le_API': DIRECTORY, 'Le_CertCreateTime': '1795479661', 'Le_RenewalDays': 60}
        text = ''.join(f"{key}='{value}'\n" for key, value in values.items())
        write(folder / f'{name}_ecc' / f'{name}.conf', text)
    write(folder / 'account.conf', '')
    write(folder / 'ca' / 'acme-v02.api.letsencrypt.org' / 'directory' / 'ca.conf', "CA_EMAIL='ops@example.net'\n")
    return [folder]


def lego(folder: Path, pems) -> list:
    for number, pem in enumerate(pems):
        write(folder / 'certificates' / f'www{number}.example.net.crt', pem)
    (folder / 'accounts' / 'ca.example.net' / 'ops@example.net').mkdir(parents=True)
    return [folder, DIRECTORY, 'http-01']


def caddy(folder: Path, pems) -> list:
    issuer = 'acme-v02.api.letsencrypt.org-directory'
    for number, pem in enumerate(pems):
        file = folder / 'certificates' / issuer / f'www{number}.example.net' / f'www{number}.example.net'
        write(file.with_name(f'{file.name}.crt'), pem)
        write(file.with_name(f'{file.name}.json'), json.dumps({'issuer_data': {'url': 'u', 'ca': DIRECTORY}}))
    (folder / 'acme' / issuer / 'users' / 'ops@example.net').mkdir(parents=True)
    return [folder]


def traefik(folder: Path, pems) -> list:
    entries = [
        {
            'domain': {'main': f'www{number}.example.net'},
            'certificate': b64encode(pem.encode()).decode(),
            'Store': 'default',
        }
        for number, pem in enumerate(pems)
    ]
    content = {'le': {'Account': {'Email': 'ops@example.net'}, 'Certificates': entries}}
    return [write(folder / 'acme.json', json.dumps(content)), f'le={DIRECTORY},dns-01,30']


def files(folder: Path, pems) -> list:
    for number, pem in enumerate(pems):
        write(folder / f'www{number}.example.net.pem', pem)
    return [f'{folder}/*.pem']


def served(folder: Path, pems) -> list:
    """One server with a name for each endpoint, so that the processor time is that of the hook and its openssl."""
    issued = issue(['*.example.net'], make_root('Example', 'Example Root'))
    write(folder / 'crt', issued.pem)
    write(folder / 'key', issued.key_pem)
    command = [programs.find('openssl'), 's_server', '-accept', '127.0.0.1:0', '-cert', folder / 'crt']
    # It ends each connection at the end of its input, so that stays open.
    server = subprocess.Popen(
        [*command, '-key', folder / 'key'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    atexit.register(server.kill)
    port = next(line for line in server.stdout if line.startswith(b'ACCEPT')).decode().strip().rpartition(':')[2]
    threading.Thread(target=server.stdout.read, daemon=True).start()
    lines = [f'127.0.0.1:{port} sni=www{number}.example.net\n' for number in range(len(pems))]
    return [write(folder / 'endpoints', ''.join(lines))]


CLIENTS = {
    'certbot': certbot,
    'acme-sh': acme_sh,
    'lego': lego,
    'caddy': caddy,
    'traefik': traefik,
    'files': files,
    'served': served,
}


def write(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    return file


#
# The run
#


class NetBox(ThreadingHTTPServer):
    """Counts the certificates that are reported to it."""

    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), _Handler)
        self.external_ids = set()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        # All endpoints are in a file.
        self.send_error(404)

    def do_POST(self):
        items = json.loads(self.rfile.read(int(self.headers['Content-Length'])))
        # After the reports comes the list of everything, which is an object.
        if isinstance(items, list):
            self.server.external_ids.update(item['external_id'] for item in items)
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'[]')

    def log_message(self, *_):
        """Do not log."""


def search_path(shell: str, folder: Path) -> str:
    """Return a PATH with the tools of this shell: Debian's, or only busybox."""
    needed = {name: programs.find(name) for name in (*OTHERS, shell)}
    if shell == 'dash':
        return os.environ['PATH']
    folder.mkdir()
    for applet in subprocess.run([needed[shell], '--list'], capture_output=True, text=True, check=True).stdout.split():
        (folder / applet).symlink_to(needed[shell])
    for name in OTHERS:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(needed[name])
    return str(folder)


def earlier(commit: str, folder: Path) -> Path:
    """Return the folder ``hooks`` as of ``commit``."""
    archive = subprocess.run(['git', 'archive', commit, 'hooks'], cwd=paths.ROOT, capture_output=True, check=True)
    subprocess.run(['tar', '-x', '-C', folder], input=archive.stdout, check=True)
    return folder / 'hooks'


@dataclass(frozen=True)
class Cost:
    # Processor time of the hook and its children
    seconds: float
    # Most memory of all of them together; shared pages count once
    megabytes: float


def sync(hooks: Path, client: str, shell: str, arguments: list, environment: dict, count: int) -> Cost:
    netbox = NetBox()
    words = [
        programs.find(shell),
        *(['sh'] if shell == 'busybox' else []),
        hooks / f'{client}.sh',
        '--sync',
        *arguments,
    ]
    environment = environment | {'NETBOX_URL': f'http://127.0.0.1:{netbox.server_port}'}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile('w+') as errors:
        streams = {'stdout': subprocess.DEVNULL, 'stderr': errors}
        process = subprocess.Popen([str(word) for word in words], env=environment, **streams)
        most = 0
        while process.poll() is None:
            most = max(most, memory(process.pid))
            time.sleep(0.2)
        errors.seek(0)
        said = errors.read()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    netbox.shutdown()
    netbox.server_close()
    assert len(netbox.external_ids) == count, f'{len(netbox.external_ids)} of {count} arrived: {said}'
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(seconds, most / 2**20)


def memory(pid: int) -> int:
    """Return the bytes of memory of a process and all that it has started (proportional set size)."""
    total = 0
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        with suppress(psutil.Error):
            total += process.memory_full_info().pss
    return total


def main():
    count, rounds = options.number('lineages', options.chosen(1_000, 100, 3)), options.number('rounds', 1)
    clients = [options.value('client')] if options.value('client') else list(CLIENTS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        versions = {'this checkout': paths.ROOT / 'hooks'}
        if commit := options.value('against'):
            versions = {commit[:12]: earlier(commit, folder), **versions}
        pems = certificates.pems(count)
        rows = []
        for client in clients:
            arguments = CLIENTS[client](folder / client, pems)
            for shell in SHELLS:
                rows.append(compare(versions, client, shell, arguments, folder, (count, rounds)))
    columns = ('ms per lineage', 'lineages per s and core', 'MB')
    measure.table(
        ['client', 'shell', *(f'{version}: {column}' for version in versions for column in columns), 'ratio'], rows
    )


def compare(versions, client, shell, arguments, folder, size):
    count, rounds = size
    path = search_path(shell, folder / f'bin-{client}-{shell}')
    environment = {'PATH': path, 'HOME': str(folder), 'NETBOX_TOKEN': TOKEN, 'NETBOX_ACME_SOURCE': 'web01'}
    environment |= {'NETBOX_ACME_CONFIG': str(folder / 'none'), 'NETBOX_ACME_SPOOL': str(folder / 'spool')}
    taken = {version: [] for version in versions}
    for _ in range(rounds):
        for version, hooks in versions.items():
            taken[version].append(sync(hooks, client, shell, arguments, environment, count))
    each = [measure.median([cost.seconds for cost in costs]) / count for costs in taken.values()]
    most = [max(cost.megabytes for cost in costs) for costs in taken.values()]
    cells = [
        text
        for seconds, megabytes in zip(each, most, strict=True)
        for text in (f'{1000 * seconds:.2f}', f'{1 / seconds:.0f}', f'{megabytes:.0f}')
    ]
    return client, shell, *cells, f'{each[-1] / each[0]:.2f}'


if __name__ == '__main__':
    main()
