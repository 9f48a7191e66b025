"""Servers on 127.0.0.1 that serve certificates in every state, or no TLS at all."""

import socket
import ssl
import subprocess
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from tests.support import programs
from tests.support.acme_issuances import DAY
from tests.support.certificate_factory import Issued, issue, make_ca, make_root

__all__ = ('NAME', 'Servers')

NAME = 'www.example.net'


class Servers:
    """
    ``ports`` has the port of each server by its name: openssl's for states of certificates, and sockets for everything
    else. ``trusted`` is the file with the root of their CA.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.ports: dict[str, int] = {}
        self._open = ExitStack()
        root = make_root('Example', 'Example Root')
        authority = make_ca('Example', 'Example CA', issuer=root)
        self.trusted = folder / 'root.pem'
        self.trusted.write_text(root.pem)
        now = datetime.now(UTC).replace(microsecond=0)

        def issued(names=(NAME,), start=-DAY, end=80 * DAY):
            return issue(list(names), authority, now + start, now + end)

        self.certificates = {
            'ok': issued(),
            'expired': issued(start=-90 * DAY, end=-40 * DAY),
            'not_yet_valid': issued(start=DAY),
            'name_mismatch': issued(['other.example.net']),
            'incomplete_chain': issued(),
            'other_ca': issue([NAME], make_ca('Other', 'Other CA'), now - DAY, now + DAY),
            'self_signed': make_root('Example', NAME),
            'address': issued(['127.0.0.1']),
        }
        for name, certificate in self.certificates.items():
            self._serve(name, certificate, chain=name != 'incomplete_chain')
        huge = Issued(self.certificates['ok'].certificate, self.certificates['ok'].key, (authority.certificate,) * 400)
        self._serve('huge_chain', huge, chain=True)
        self._listen('plain', lambda client: client.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n'))
        self._listen('silent', lambda client: client.recv(1 << 20) and client.recv(1))
        self._listen('endless', self._send_without_end)
        self._listen('endless_smtp', self._greet_without_end)
        self._listen('smtp', self._starttls)
        self._listen('talkative', self._talk)
        with socket.create_server(('127.0.0.1', 0)) as closed:
            self.ports['refused'] = closed.getsockname()[1]

    def _serve(self, name: str, certificate: Issued, chain: bool):
        files = {kind: self.folder / f'{name}.{kind}' for kind in ('crt', 'key', 'chain', 'fullchain')}
        files['crt'].write_text(certificate.pem)
        files['key'].write_text(certificate.key_pem)
        files['chain'].write_text(certificate.chain_pem)
        files['fullchain'].write_text(certificate.fullchain_pem)
        command = [programs.find('openssl'), 's_server', '-accept', '127.0.0.1:0', '-cert', files['crt']]
        command += ['-key', files['key']]
        if chain and certificate.chain:
            command += ['-cert_chain', files['chain']]
        # It ends each connection at the end of its input, so that stays open.
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        line = next(line for line in process.stdout if line.startswith('ACCEPT'))
        self.ports[name] = int(line.rpartition(':')[2])
        # The server must not block because its output is not read.
        reader = threading.Thread(target=process.stdout.read, daemon=True)
        reader.start()
        self._open.enter_context(process.stdout)
        self._open.enter_context(process.stdin)
        self._open.callback(reader.join)
        self._open.callback(process.wait)
        self._open.callback(process.kill)

    def _listen(self, name: str, answer):
        server = self._open.enter_context(socket.create_server(('127.0.0.1', 0)))
        self.ports[name] = server.getsockname()[1]

        def accept():
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=respond, args=(client,), daemon=True).start()

        def respond(client):
            with client:
                try:
                    answer(client)
                except OSError:
                    # The hook has ended the connection.
                    return

        threading.Thread(target=accept, daemon=True).start()

    @staticmethod
    def _send_without_end(client):
        while True:
            client.sendall(b'x' * 65536)

    @staticmethod
    def _greet_without_end(client):
        while True:
            client.sendall(b'220-' + b'x' * 500 + b'\r\n')

    def _starttls(self, client):
        client.sendall(b'220 mail.example.net ESMTP\r\n')
        client.recv(1000)
        client.sendall(b'250-mail.example.net\r\n250 STARTTLS\r\n')
        client.recv(1000)
        client.sendall(b'220 Go ahead\r\n')
        with self._secured(client) as secured:
            secured.recv(100)

    def _secured(self, client):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / 'ok.fullchain', self.folder / 'ok.key')
        return context.wrap_socket(client, server_side=True)

    def _talk(self, client):
        """Say at once what looks like another certificate in the output of openssl."""
        with self._secured(client) as secured:
            forged = f'---\nCertificate chain\n 0 s:CN = x\n{self.certificates["self_signed"].pem}---\n'
            secured.sendall(forged.encode() * 100)
            secured.recv(100)

    def close(self):
        self._open.close()
