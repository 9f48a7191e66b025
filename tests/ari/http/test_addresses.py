"""Which addresses may be connected to."""

import socket

import pytest

from netbox_ssl.ari.http import addresses

PRIVATE = [
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '127.0.0.1',
    '127.8.9.10',
    '0.0.0.0',  # noqa: S104
    '169.254.169.254',
    '100.64.0.1',
    '100.127.255.255',
    '192.0.0.8',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '224.0.0.1',
    '239.255.255.250',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'fc00::1',
    'fd12:3456::1',
    'ff02::1',
    'ff0e::1',
    '2001:db8::1',
    '3fff::1',
    '5f00::1',
    '::ffff:10.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:169.254.169.254',
    '::127.0.0.1',
    '64:ff9b::10.0.0.1',
    '64:ff9b:1::a00:1',
    '2002:0a00:0001::1',
    '2002:7f00:0001::1',
    '2001:0:0a00:1::1',
    'no address',
    '',
]
PUBLIC = [
    '1.1.1.1',
    '100.63.255.255',
    '100.128.0.1',
    '2606:4700:4700::1111',
    '::ffff:1.1.1.1',
    '64:ff9b::1.1.1.1',
    '2002:0101:0101::1',
]


@pytest.mark.parametrize('address', PRIVATE)
def test_not_public(address):
    assert not addresses.is_public(address)


@pytest.mark.parametrize('address', PUBLIC)
def test_public(address):
    assert addresses.is_public(address)


@pytest.mark.parametrize(
    ('host', 'canonical'),
    [
        ('CA.Example.', 'ca.example'),
        ('127.1', '127.0.0.1'),
        ('[::1]', '[::1]'),
        ('0:0::1', '::1'),
        ('fe80::1%eth0', 'fe80::1'),
        ('ca-1.example', 'ca-1.example'),
        ('0xca.example', '0xca.example'),
        ('1e100.example', '1e100.example'),
        ('', ''),
        ('.', ''),
    ],
)
def test_one_form_of_a_host(host, canonical):
    assert addresses.canonical_host(host) == canonical
    assert addresses.canonical_host(canonical) == canonical


def answering(*found):
    """Simulate a name server that returns these addresses."""
    family = {True: socket.AF_INET6, False: socket.AF_INET}
    return lambda host, port, **_: [(family[':' in each], 1, 6, '', (each, port)) for each in found]


def test_only_public_addresses_are_left(monkeypatch):
    monkeypatch.setattr(socket, 'getaddrinfo', answering('10.0.0.1', '1.1.1.1', '::1'))
    assert addresses.resolve('ca.example', 443) == [(socket.AF_INET, ('1.1.1.1', 443))]


def test_none_left(monkeypatch):
    monkeypatch.setattr(socket, 'getaddrinfo', answering('10.0.0.1', '::ffff:127.0.0.1'))
    with pytest.raises(addresses.ForbiddenAddress, match='ca.example'):
        addresses.resolve('ca.example', 443)
    assert len(addresses.resolve('ca.example', 443, any_address=True)) == 2
