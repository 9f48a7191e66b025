"""A SOCKS5 proxy (RFC 1928) without authentication that takes every request to one address."""

import socket
import threading
from contextlib import suppress

__all__ = ('SocksProxy',)


class SocksProxy:
    """
    ``url`` is its address with names looked up by the proxy, ``asked_for`` the host names that clients asked for, in
    order. Each connection leads to ``target``, a pair of host and port.
    """

    def __init__(self, target: tuple[str, int]):
        self.asked_for = []
        self._target = target
        self._listener = socket.create_server(('127.0.0.1', 0))
        self.url = f'socks5h://127.0.0.1:{self._listener.getsockname()[1]}'
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # Without the shutdown the thread would stay in accept().
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, client.makefile('rb') as sent, suppress(OSError):
            _version, methods = sent.read(2)
            sent.read(methods)
            client.sendall(b'\x05\x00')
            # Version, command, reserved, the type of the address (3: a name), the length of the name
            *_, length = sent.read(5)
            self.asked_for.append(sent.read(length).decode())
            sent.read(2)
            client.sendall(b'\x05\x00\x00\x01' + bytes(6))
            with socket.create_connection(self._target) as server:
                threading.Thread(target=_copy, args=(server, client), daemon=True).start()
                while data := sent.read1():
                    server.sendall(data)


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
