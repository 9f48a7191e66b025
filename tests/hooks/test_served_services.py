"""Endpoints of the programs that people run: nginx, and Dovecot for STARTTLS."""

import pytest

from tests.hooks.monitored import chains, results
from tests.hooks.tls_servers import NAME
from tests.support.certificate_factory import make_root
from tests.support.dovecot import Dovecot
from tests.support.nginx import Nginx


@pytest.fixture(scope='module')
def nginx(servers, tmp_path_factory):
    certificates = {
        'first.example.net': servers.certificates['name_mismatch'],
        NAME: servers.certificates['ok'],
        'expired.example.net': servers.certificates['expired'],
        'selfsigned.example.net': make_root('Example', 'selfsigned.example.net'),
    }
    made = Nginx(tmp_path_factory.mktemp('nginx'), certificates)
    yield made
    made.stop()


@pytest.fixture(scope='module')
def dovecot(servers, tmp_path_factory):
    made = Dovecot(tmp_path_factory.mktemp('dovecot'), servers.certificates['ok'])
    yield made
    made.stop()


def test_sites_of_nginx(check, servers, nginx, netbox):
    names = [NAME, 'first.example.net', 'unknown.example.net', 'expired.example.net', 'selfsigned.example.net']
    run = check(*(f'127.0.0.1:{nginx.port} sni={name}' for name in names), NETBOX_ENDPOINT_CA_FILE=servers.trusted)
    assert run.lines == []
    assert {each['server_name']: each['result'] for each in results(netbox)} == {
        NAME: 'ok',
        'first.example.net': 'name_mismatch',
        # nginx serves its first site to everyone else.
        'unknown.example.net': 'name_mismatch',
        'expired.example.net': 'expired',
        'selfsigned.example.net': 'untrusted',
    }
    assert len(chains(netbox)) == len(names)


def test_nginx_with_an_incomplete_chain_until_it_is_reloaded(check, servers, nginx, netbox):
    endpoint = f'127.0.0.1:{nginx.port} sni={NAME}'
    renewed = servers.certificates['incomplete_chain']
    nginx.replace(NAME, renewed, chain=False)
    for expected, pem in (
        ('ok', servers.certificates['ok'].fullchain_pem),
        ('incomplete_chain', renewed.pem),
    ):
        netbox.reports.clear()
        check(endpoint, NETBOX_ENDPOINT_CA_FILE=servers.trusted)
        (found,) = results(netbox)
        (item,) = chains(netbox).values()
        assert (found['result'], item['pem']) == (expected, pem.strip())
        if expected == 'ok':
            nginx.reload(NAME)
    nginx.replace(NAME, servers.certificates['ok'])
    nginx.reload(NAME)


def test_imap_of_dovecot(check, servers, dovecot, netbox):
    run = check(
        f'127.0.0.1:{dovecot.port} sni={NAME} starttls=imap',
        f'127.0.0.1:{dovecot.port} sni=mail.example.net starttls=imap',
        # Without STARTTLS, it is not TLS.
        f'127.0.0.1:{dovecot.port} sni=plain.example.net',
        NETBOX_ENDPOINT_CA_FILE=servers.trusted,
    )
    assert run.lines == []
    assert {each['server_name']: each['result'] for each in results(netbox)} == {
        NAME: 'ok',
        'mail.example.net': 'name_mismatch',
        'plain.example.net': 'not_tls',
    }
    assert {item['pem'] for item in chains(netbox).values()} == {servers.certificates['ok'].fullchain_pem.strip()}
