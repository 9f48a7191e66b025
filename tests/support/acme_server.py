"""
A real ACME server (acme2certifier: RFC 8555, with Renewal Information, RFC 9773), and certbot as its client.

The server listens on a free port of 127.0.0.1. Its CA is created for it and trusted by nothing else.
"""

import datetime
import os
import subprocess
import urllib.error
import urllib.request

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from dev import paths, processes
from dev.console import Failure
from tests.support.isolated_programs import install

# No proof of control is required, so neither DNS nor port 80 is needed.
CONFIGURATION = """
[DEFAULT]
debug: False
[Nonce]
nonce_check_disable: False
[CAhandler]
handler_module: acme2certifier.cahandlers.openssl_ca_handler
issuing_ca_key: {folder}/ca-key.pem
issuing_ca_cert: {folder}/ca-cert.pem
issuing_ca_crl: {folder}/crl.pem
cert_validity_days: {days}
cert_save_path: {folder}/certificates
[DBhandler]
handler: wsgi
dbfile: {folder}/acme.db
[Certificate]
revocation_reason_check_disable: False
[Challenge]
challenge_validation_disable: True
[Order]
tnauthlist_support: False
[Renewalinfo]
renewalthreshold_pctg: {renewal_threshold}
retry_after_timeout: {retry_after}
"""


class AcmeServer:
    """
    An ACME server with files in ``folder``; ``with AcmeServer(folder) as server`` starts and stops it.

    Args:
        folder: an existing folder, for CA, database and log
        days: lifetime of its certificates
        renewal_threshold: percentage of the lifetime at which the suggested window starts
        retry_after: Retry-After of its renewal information, in seconds
    """

    def __init__(self, folder, days=90, renewal_threshold=66.7, retry_after=21600):
        self.folder = folder
        self.options = {'days': days, 'renewal_threshold': renewal_threshold, 'retry_after': retry_after}
        self.port = processes.free_port()
        self.process = None

    @property
    def base_url(self):
        return f'http://127.0.0.1:{self.port}'

    @property
    def directory_url(self):
        return f'{self.base_url}/directory'

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Start it, and return when it responds. After a stop it continues with the same CA, port and database."""
        programs = install(['acme-server'])
        if not (self.folder / 'acme.cfg').exists():
            make_ca(self.folder)
            (self.folder / 'certificates').mkdir()
            configuration = CONFIGURATION.format(folder=self.folder, **self.options)
            paths.write_atomically(self.folder / 'acme.cfg', configuration)
        variables = {
            **os.environ,
            'ACME_SRV_CONFIGFILE': str(self.folder / 'acme.cfg'),
            'ACME2CERTIFIER_BASE_DIR': str(self.folder),
            'ACME2CERTIFIER_I_KNOW_THE_RISK': '1',
        }
        # It must not see the environment of the plugin.
        variables.pop('PYTHONPATH', None)
        log = self.folder / 'acme-server.log'
        # -P: it must not import the modules next to it.
        command = [programs / 'python', '-P', paths.ROOT / 'tests' / 'support' / 'acme_wsgi.py', self.port]
        self.process = processes.start(command, log, variables, cwd=self.folder)
        processes.wait_until(self.answers, self.process, processes.PATIENCE, 'the ACME server', log)

    def answers(self):
        try:
            with urllib.request.urlopen(self.directory_url, timeout=10) as answer:
                return answer.status == 200
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self):
        if self.process:
            processes.stop(self.process)
            self.process = None


class Certbot:
    """
    certbot with all its files in ``folder``, as a client of the ACME server at ``directory_url``.

    Args:
        folder: an existing folder
        directory_url: of the ACME server
        email: address of its account
    """

    def __init__(self, folder, directory_url, email='admin@example.com'):
        self.folder = folder
        self.directory_url = directory_url
        self.email = email

    @property
    def config(self):
        """Return the folder that corresponds to /etc/letsencrypt."""
        return self.folder / 'config'

    def lineage(self, name):
        """Return the folder of a certificate, with its ``fullchain.pem``."""
        return self.config / 'live' / name

    def issue(self, *names, options=()):
        """Order a certificate for ``names``. Return the path of its full chain."""
        account = ['--server', self.directory_url, '--email', self.email, '--agree-tos', '--no-eff-email']
        # Validation is switched off, so nothing connects to this port.
        challenge = ['--standalone', '--http-01-port', processes.free_port(), '--http-01-address', '127.0.0.1']
        domains = [word for name in names for word in ('--domain', name)]
        self.run('certonly', *account, *challenge, '--cert-name', names[0], *domains, *options)
        return self.lineage(names[0]) / 'fullchain.pem'

    def renew(self, name, options=('--force-renewal', '--no-random-sleep-on-renew')):
        """Renew the lineage ``name``. Return the path of its full chain."""
        self.run('renew', '--cert-name', name, *options)
        return self.lineage(name) / 'fullchain.pem'

    def run(self, *arguments, env=None):
        """Run certbot. Return its output, or fail with it."""
        folders = [word for key in ('config', 'work', 'logs') for word in (f'--{key}-dir', self.folder / key)]
        certbot = install(['certbot']) / 'certbot'
        command = [str(word) for word in (certbot, *arguments, *folders, '--non-interactive')]
        variables = {**os.environ, **(env or {})}
        variables.pop('PYTHONPATH', None)
        # Do not use a proxy for 127.0.0.1.
        variables['no_proxy'] = variables['NO_PROXY'] = '127.0.0.1'
        done = subprocess.run(command, env=variables, capture_output=True, text=True, preexec_fn=processes.bound())
        if done.returncode:
            raise Failure(f'certbot {arguments[0]} failed:\n{done.stdout}{done.stderr}')
        return done.stdout


def make_ca(folder):
    """Return the key and certificate of a new CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, 'NetBox SSL Test CA')])
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(True, False, False, False, False, True, True, False, False)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    unencrypted = serialization.NoEncryption()
    encoded = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, unencrypted)
    paths.write_atomically(folder / 'ca-key.pem', encoded.decode())
    paths.write_atomically(folder / 'ca-cert.pem', certificate.public_bytes(serialization.Encoding.PEM).decode())
