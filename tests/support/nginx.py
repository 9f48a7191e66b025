"""A real nginx on 127.0.0.1, which reads its certificates when it starts and when it reloads."""

import os
import signal
import socket
import ssl
from pathlib import Path

from dev import processes
from tests.support import programs
from tests.support.certificate_factory import Issued

__all__ = ('Nginx',)

CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log stderr;
{user}
events {{ worker_connections 100; }}
http {{
    access_log off;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    {servers}
}}
"""
SERVER = """
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name {name};
        ssl_certificate {folder}/{name}.crt;
        ssl_certificate_key {folder}/{name}.key;
        return 204;
    }}
"""


class Nginx:
    """Serves each certificate to visitors that request its name by SNI, and the first one to all others."""

    def __init__(self, folder: Path, certificates: dict[str, Issued]):
        self.folder = folder
        self.port = processes.free_port()
        for name, issued in certificates.items():
            self.replace(name, issued)
        configuration = folder / 'nginx.conf'
        servers = ''.join(SERVER.format(port=self.port, name=name, folder=folder) for name in certificates)
        user = 'user root root;' if os.geteuid() == 0 else ''
        configuration.write_text(CONFIGURATION.format(folder=folder, user=user, servers=servers))
        log = folder / 'nginx.log'
        command = programs.as_if_installed('nginx', '-e', 'stderr', '-p', folder, '-c', configuration)
        self.process = processes.start(command, log)
        self.log = log
        self._wait(lambda: self.serves(next(iter(certificates))))

    def replace(self, name: str, issued: Issued, chain: bool = True) -> None:
        """Replace the files with a certificate and its key, as a renewal does."""
        (self.folder / f'{name}.crt').write_text(issued.fullchain_pem if chain else issued.pem)
        (self.folder / f'{name}.key').write_text(issued.key_pem)

    def reload(self, name: str) -> None:
        """Let it read the files, and wait until it serves the new certificate of ``name``."""
        before = self.serves(name)
        self.process.send_signal(signal.SIGHUP)
        self._wait(lambda: self.serves(name) not in (None, before))

    def serves(self, name: str) -> bytes | None:
        """Return the certificate that a visitor gets, in DER; None if there is none."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            with (
                socket.create_connection(('127.0.0.1', self.port)) as plain,
                context.wrap_socket(plain, server_hostname=name) as secured,
            ):
                return secured.getpeercert(binary_form=True)
        except OSError:
            return None

    def _wait(self, condition):
        processes.wait_until(condition, self.process, processes.PATIENCE, 'nginx', self.log)

    def stop(self) -> None:
        processes.stop(self.process)
