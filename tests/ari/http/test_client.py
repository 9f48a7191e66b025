"""Requests to untrusted hosts, over real sockets."""

import base64
import ipaddress
import socket
import ssl
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from netbox_ssl.ari.http import transport
from netbox_ssl.ari.http.client import MAX_BYTES, Client
from netbox_ssl.ari.http.failures import Failure
from tests.support.ari_server import Stub, closed_port, window
from tests.support.deadlines import PATIENCE
from tests.support.socks_proxy import SocksProxy

LOOPBACK = frozenset({'127.0.0.1'})


@pytest.fixture
def stub():
    made = Stub()
    yield made
    made.close()


@pytest.fixture
def client():
    made = Client(allowed_hosts=LOOPBACK)
    yield made
    made.close()


def get(client, stub, path='/ari/x', seconds=5):
    return client.get(stub.base_url + path, allow_http=True, seconds=seconds)


def failure(client, url, **options) -> Failure:
    with pytest.raises(Failure) as caught:
        client.get(url, **{'allow_http': True, 'seconds': 5, **options})
    return caught.value


def test_a_response(client, stub):
    answer = get(client, stub)
    assert (answer.body, answer.retry_after) == (window(), '21600')
    (_, headers), *_ = stub.requests
    # Nothing identifies the client but the user agent, and compression is not accepted.
    assert {name.lower() for name in headers} == {'host', 'user-agent', 'accept', 'accept-encoding'}
    assert headers['Accept-Encoding'] == 'identity'


@pytest.mark.parametrize('status', [*range(400, 418), 429, *range(500, 512), 201, 204, 206, 304, 599, 600, 999])
def test_every_other_status_is_a_failure(client, stub, status):
    stub.status, stub.body, stub.headers = status, b'' if status in (204, 304) else b'{}', {'Retry-After': '77'}
    found = failure(client, f'{stub.base_url}/ari/x')
    assert str(found) == f'The CA answered with HTTP status {status}.'
    assert found.temporary == (status >= 500 or status in (408, 429))
    assert found.retry_after == '77'


def test_a_body_is_capped(client, stub):
    stub.body = b'x' * MAX_BYTES
    assert len(get(client, stub).body) == MAX_BYTES
    stub.body = b'x' * (MAX_BYTES + 1)
    assert 'longer than 64 KiB' in str(failure(client, f'{stub.base_url}/ari/x'))


@pytest.mark.parametrize(
    'head',
    [
        b'HTTP/1.1 200 OK\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n',
    ],
)
def test_an_endless_body_is_cut(client, stub, head):
    chunk = b'4000\r\n' + b'x' * 0x4000 + b'\r\n'

    def endless(handler):
        handler.raw(head)
        while True:
            handler.raw(chunk)

    stub.script = endless
    assert 'longer than' in str(failure(client, f'{stub.base_url}/ari/x', seconds=PATIENCE))
    assert stub.hung_up.wait(PATIENCE)


@pytest.mark.parametrize(
    'head',
    [
        b'',
        b'HTTP/1.1 200 OK\r\nX-Slow: ',
        b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n',
    ],
)
def test_a_slow_response_is_cut_off(client, stub, head):
    stub.script = lambda handler: handler.drip(head)
    assert failure(client, f'{stub.base_url}/ari/x', seconds=1).temporary
    assert stub.hung_up.wait(PATIENCE), 'it would have gone on'


def test_silence_is_temporary(client, stub):
    stub.script = lambda handler: handler.silence()
    assert failure(client, f'{stub.base_url}/ari/x', seconds=1).temporary
    assert stub.hung_up.wait(PATIENCE), 'it would have gone on'


@pytest.mark.parametrize(
    'octets',
    [
        b'',
        b'HTTP/1.1 999999\r\n\r\n',
        b'SSH-2.0-OpenSSH_9\r\n',
        b'\x00' * 100,
        b'HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nx',
        b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nx',
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
        b'HTTP/1.1 200 OK\r\n' + b'X: y\r\n' * 200 + b'\r\n',
        b'HTTP/1.1 200 OK\r\nX: ' + b'y' * 70_000,
        b'HTTP/1.1 301 Moved\r\nLocation: http://[::1\r\n\r\n',
        b'HTTP/1.1 301 Moved\r\nLocation: http://' + b'a' * 300 + b'/\r\n\r\n',
        b'HTTP/1.1 301 Moved\r\n\r\n',
    ],
)
def test_other_protocols_than_http(client, stub, octets):
    stub.script = lambda handler: handler.raw(octets)
    try:
        client.get(f'{stub.base_url}/ari/x', allow_http=True, seconds=3)
    except Failure as found:
        assert str(found).endswith('.')


def test_a_connection_closed_before_the_response_is_replaced_once(client, stub):
    def hang_up(handler):
        if len(stub.requests) > hung_up:
            handler.answer(200, b'{}')

    stub.script = hang_up
    hung_up = 1
    assert get(client, stub, '/ari/x').body == b'{}'
    # No kept connection is left that the stub could have closed.
    client.close()
    stub.requests.clear()
    hung_up = 9
    assert 'broke' in str(failure(client, f'{stub.base_url}/ari/x'))
    assert len(stub.requests) == 2


def test_a_few_redirects_are_followed(client, stub):
    def redirect(handler):
        step = int(handler.path.rpartition('/')[2])
        if step:
            handler.answer(302, headers={'Location': f'/ari/{step - 1}'})
        else:
            handler.answer(200, b'{}')

    stub.script = redirect
    assert get(client, stub, '/ari/3').body == b'{}'
    assert 'redirects' in str(failure(client, f'{stub.base_url}/ari/4'))


def test_a_redirect_loop_ends(client, stub):
    stub.status, stub.headers = 301, {'Location': '/ari/x'}
    assert 'redirects' in str(failure(client, f'{stub.base_url}/ari/x'))
    assert len(stub.paths) == 4


@pytest.mark.parametrize('location', ['file:///etc/passwd', 'gopher://127.0.0.1/', 'http://user:password@127.0.0.1/'])
def test_redirects_elsewhere(client, stub, location):
    stub.status, stub.headers = 302, {'Location': location}
    failure(client, f'{stub.base_url}/ari/x')
    assert len(stub.paths) == 1


def test_a_redirect_to_a_private_address(client, stub):
    # The same server by another name, which is not allowed
    stub.status, stub.headers = 302, {'Location': stub.base_url.replace('127.0.0.1', 'localhost')}
    assert 'ari_allowed_hosts' in str(failure(client, f'{stub.base_url}/ari/x'))
    assert len(stub.paths) == 1


def test_private_addresses_need_permission(stub):
    client = Client()
    for host in ('127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '0x7f000001', '2130706433', '127.1'):
        found = failure(client, f'http://{host}:{stub.base_url.rpartition(":")[2]}/ari/x')
        assert 'not public' in str(found) or 'resolved' in str(found), host
    assert stub.paths == []


def test_the_address_checked_is_the_one_connected_to(stub, monkeypatch):
    """The name server returns a different address each time."""
    answers = iter([['1.1.1.1'], ['127.0.0.1']])
    asked, connected = [], []

    def lookup(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, 1, 6, '', (address, port)) for address in next(answers)]

    def connect(self, address):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, 'getaddrinfo', lookup)
    monkeypatch.setattr(transport._BoundedSocket, 'connect', connect)
    failure(Client(), 'http://rebinding.example/ari')
    assert (asked, connected) == (['rebinding.example'], ['1.1.1.1'])
    assert 'not public' in str(failure(Client(), 'http://rebinding.example/ari'))
    assert connected == ['1.1.1.1']


def test_https_does_not_lead_to_http(client, stub):
    assert 'http' in str(failure(client, f'{stub.base_url}/ari/x', allow_http=False))
    assert stub.paths == []


def test_refused_and_unknown(client):
    refused = failure(client, f'http://127.0.0.1:{closed_port()}/')
    assert (str(refused), refused.temporary) == ('The connection was refused.', False)
    unknown = failure(client, 'http://nowhere.invalid/')
    assert (str(unknown), unknown.temporary) == ('The host name cannot be resolved.', False)


# Other ways to write private addresses, and names of the host itself
PRIVATE_HOSTS = [
    '127.1',
    '127.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '0xa9fea9fe',
    '0xA9.0xFE.0xA9.0xFE',
    '10.1',
    '0',
    '169.254.169.254.',
    '127.0.0.1...',
    'localhost.',
    'LOCALHOST',
    'a.localhost.',
    'localhost.localdomain',
    'ip6-localhost',
    '%6cocalhost',
    '127%2e0.0.1',
    '\uff11\uff12\uff17.0.0.1',
    '127\u30020\u30020\u30021',
    '[::ffff:127.0.0.1]',
    '[0:0:0:0:0:0:0:1]',
]


@pytest.mark.parametrize(
    'host', ['ca.example', 'CA.example.', '1.1.1.1', '16843009', '0x01010101', '[2606:4700::1111]']
)
def test_public_hosts_reach_the_proxy(stub, host):
    client = Client(proxies=lambda url: {'http': stub.base_url})
    stub.script = lambda handler: handler.answer(200, b'{}')
    assert client.get(f'http://{host}/ari', allow_http=True).body == b'{}'


def test_allowed_hosts_in_any_form(stub):
    stub.script = lambda handler: handler.answer(200, b'{}')
    port = urlsplit(stub.base_url).port
    for allowed in ('127.0.0.1', '127.1'):
        client = Client(allowed_hosts=frozenset([allowed]))
        for host in ('127.0.0.1', '127.1', '2130706433'):
            assert client.get(f'http://{host}:{port}/ari', allow_http=True).body == b'{}'


def test_through_a_proxy(stub):
    """The proxy looks up names; literal addresses are refused before."""
    client = Client(proxies=lambda url: {'http': stub.base_url})
    stub.script = lambda handler: handler.answer(200, handler.path.encode())
    assert client.get('http://ca.example/ari', allow_http=True).body == b'http://ca.example/ari'
    for host in ('10.0.0.1', '127.0.0.1', 'localhost', '[::1]', *PRIVATE_HOSTS):
        assert 'not public' in str(failure(client, f'http://{host}/ari'))
    gone = Client(proxies=lambda url: {'http': f'http://127.0.0.1:{closed_port()}'})
    found = failure(gone, 'http://ca.example/ari')
    assert (str(found), found.temporary) == ('The proxy did not connect.', True)


def test_a_proxy_that_wants_a_password(stub):
    proxy = stub.base_url.replace('http://', 'http://user:secret@')
    client = Client(proxies=lambda url: {'http': proxy})
    stub.script = lambda handler: handler.answer(200, b'{}')
    client.get('http://ca.example/ari', allow_http=True)
    ((_, headers),) = stub.requests
    sent = {name.lower(): value for name, value in headers.items()}
    assert sent['proxy-authorization'] == f'Basic {base64.b64encode(b"user:secret").decode()}'
    assert sent['host'] == 'ca.example'


def test_through_a_socks_proxy(stub):
    """The proxy looks up names."""
    proxy = SocksProxy(('127.0.0.1', urlsplit(stub.base_url).port))
    client = Client(proxies=lambda url: {'http': proxy.url})
    stub.script = lambda handler: handler.answer(200, handler.headers['Host'].encode())
    try:
        assert client.get('http://ca.example/ari', allow_http=True).body == b'ca.example'
    finally:
        client.close()
        proxy.close()
    assert proxy.asked_for == ['ca.example']


def test_a_socks_proxy_without_its_package(monkeypatch):
    monkeypatch.setitem(sys.modules, 'urllib3.contrib.socks', None)
    client = Client(proxies=lambda url: {'http': 'socks5h://127.0.0.1:9'})
    assert 'PySocks: install it' in str(failure(client, 'http://ca.example/ari'))


def test_after_close_no_connection_is_kept(client, stub):
    get(client, stub)
    assert len(client._direct.pools) == 1
    client.close()
    assert len(client._direct.pools) == 0
    assert get(client, stub).body == window()


#
# TLS
#


def self_signed(name) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'stub')])
    now = datetime.now(UTC)
    names = [x509.IPAddress(ipaddress.ip_address(name))] if name[0].isdigit() else [x509.DNSName(name)]
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), 1, now - timedelta(1), now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), encoded


@pytest.fixture
def tls_server(tmp_path):
    """Start a TLS server with a certificate for a name. Return its port and certificate."""
    sockets = []

    def start(name, serve):
        certificate, key = self_signed(name)
        (tmp_path / 'cert.pem').write_bytes(certificate)
        (tmp_path / 'key.pem').write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tmp_path / 'cert.pem', tmp_path / 'key.pem')
        listening = socket.create_server(('127.0.0.1', 0))
        sockets.append(listening)

        def run():
            while True:
                try:
                    raw, _ = listening.accept()
                    with context.wrap_socket(raw, server_side=True) as connection:
                        connection.recv(4096)
                        serve(connection)
                except OSError:
                    if listening.fileno() == -1:
                        return

        threading.Thread(target=run, daemon=True).start()
        return listening.getsockname()[1], tmp_path / 'cert.pem'

    yield start
    for each in sockets:
        each.close()


def reply(connection):
    connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')


def trusting(monkeypatch, authority):
    monkeypatch.setenv('SSL_CERT_FILE', str(authority))
    return Client(allowed_hosts=LOOPBACK)


def test_certificates_are_verified(tls_server, client, monkeypatch):
    port, authority = tls_server('127.0.0.1', reply)
    found = failure(client, f'https://127.0.0.1:{port}/', allow_http=False)
    assert 'No secure connection' in str(found) and 'self-signed' in str(found)
    answer = trusting(monkeypatch, authority).get(f'https://127.0.0.1:{port}/')
    assert answer.body == b'{}'


def test_the_name_is_verified(tls_server, monkeypatch):
    port, authority = tls_server('other.example', reply)
    found = failure(trusting(monkeypatch, authority), f'https://127.0.0.1:{port}/')
    assert 'No secure connection' in str(found)


def test_a_slow_response_over_tls(tls_server, monkeypatch):
    hung_up = threading.Event()

    def drip(connection):
        connection.sendall(b'HTTP/1.1 200 OK\r\nX-Slow: ')
        try:
            for _ in range(PATIENCE * 20):
                connection.sendall(b'x')
                time.sleep(0.05)
        except OSError:
            hung_up.set()

    port, authority = tls_server('127.0.0.1', drip)
    assert failure(trusting(monkeypatch, authority), f'https://127.0.0.1:{port}/', seconds=1).temporary
    assert hung_up.wait(PATIENCE), 'it would have gone on'
