"""Names as stored, as entered, and as covered by certificates (RFC 9525)."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netbox_ssl.x509 import asked_name, canonical_name, covering_names, split_names


@pytest.mark.parametrize(
    ('text', 'kept'),
    [
        ('www.example.net', 'www.example.net'),
        (' WWW.Example.NET ', 'www.example.net'),
        ('www.example.net.', 'www.example.net'),
        ('*.Example.net', '*.example.net'),
        ('_sip.example.net', '_sip.example.net'),
        ('localhost', 'localhost'),
        ('bücher.example', 'xn--bcher-kva.example'),
        ('BÜCHER.example', 'xn--bcher-kva.example'),
        ('*.bücher.example', '*.xn--bcher-kva.example'),
        ('faß.example', 'xn--fa-hia.example'),  # IDNA 2008; "fass" would be another name
        ('www。example。net', 'www.example.net'),  # UTS 46: ideographic full stops
        ('2001:DB8:0:0::1', '2001:db8::1'),
        ('192.0.2.1', '192.0.2.1'),
        ('TLS@Example.net', 'tls@example.net'),
        # Labels as OpenSSL prints them
        ('URI:https://Example.net/X', 'https://example.net/X'),
        ('DNS:WWW.Example.net.', 'www.example.net'),
        ('IP Address:2001:DB8:0:0::1', '2001:db8::1'),
        ('email:Ops@Example.net', 'ops@example.net'),
        ('Registered ID:1.2.3.4', 'RID:1.2.3.4'),
        ('dirname:CN=Example', 'dirName:CN=Example'),
        ('spiffe://Example.net/Web', 'spiffe://example.net/Web'),
        ('w*.example.net', 'w*.example.net'),
        ('no name', 'no name'),
        ('', ''),
    ],
)
def test_stored_form(text, kept):
    assert canonical_name(text) == kept


@pytest.mark.parametrize(
    ('text', 'name'),
    [
        ('www.example.net', 'www.example.net'),
        (' WWW.Example.net. ', 'www.example.net'),
        ('bücher.example', 'xn--bcher-kva.example'),
        ('*.example.net', '*.example.net'),
        ('https://www.example.net', 'www.example.net'),
        ('HTTPS://www.example.net:8443/path?query#part', 'www.example.net'),
        ('www.example.net/path', 'www.example.net'),
        ('www.example.net:443', 'www.example.net'),
        ('https://[2001:DB8::1]:8443/', '2001:db8::1'),
        ('[2001:db8::1]', '2001:db8::1'),
        ('2001:db8::1', '2001:db8::1'),
        ('2001:db8::1/64', '2001:db8::1'),
        ('192.0.2.1/24', '192.0.2.1'),
        ('192.0.2.1:443', '192.0.2.1'),
        ('DNS:www.example.net', 'www.example.net'),
        ('IP Address:2001:DB8::1', '2001:db8::1'),
        # Not a host name
        ('', ''),
        ('.', ''),
        ('two words', ''),
        ('a..example.net', ''),
        ('-a.example.net', ''),
        ('w*.example.net', ''),
        ('a.*.example.net', ''),
        ('*', ''),
        ('*.', ''),
        ('tls@example.net', ''),
        ('x' * 64 + '.example.net', ''),
        ('x.' * 130 + 'net', ''),
        ('\u2028', ''),
        ('www.example.net\x00', ''),
    ],
)
def test_entered_form(text, name):
    assert asked_name(text) == name


@pytest.mark.parametrize(
    ('name', 'covering'),
    [
        ('www.example.net', ('www.example.net', '*.example.net')),
        # One whole label, the leftmost: neither *.example.net nor the parent.
        ('a.b.example.net', ('a.b.example.net', '*.b.example.net')),
        ('example.net', ('example.net', '*.net')),
        ('localhost', ('localhost',)),
        ('xn--bcher-kva.example', ('xn--bcher-kva.example', '*.example')),
        # A wildcard is covered only by itself.
        ('*.example.net', ('*.example.net',)),
        # Addresses have no wildcards.
        ('192.0.2.1', ('192.0.2.1',)),
        ('2001:db8::1', ('2001:db8::1',)),
    ],
)
def test_covering_names(name, covering):
    assert covering_names(name) == covering


@given(st.text(max_size=80))
def test_the_name_is_made_canonical(text):
    name = asked_name(text)
    assert asked_name(name) == canonical_name(name) == name
    assert name.isascii()


@given(st.text(max_size=80))
def test_stored_values_are_unchanged(text):
    kept = canonical_name(text)
    assert canonical_name(kept) == kept


@given(st.ip_addresses())
def test_addresses_are_compared_by_value(address):
    assert asked_name(address.exploded) == canonical_name(address.exploded) == str(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ('text', 'names'),
    [
        ('a.example, b.example\nc.example  d.example', ['a.example', 'b.example', 'c.example', 'd.example']),
        ('DNS:a.example, IP Address:192.0.2.1', ['a.example', '192.0.2.1']),
        (
            'X509v3 Subject Alternative Name: critical\n    DNS:a.example,IP Address:2001:DB8:0:0:0:0:0:1, '
            'email:ops@example.net, URI:spiffe://example.net/web, Registered ID:1.2.3.4',
            [
                'a.example',
                '2001:DB8:0:0:0:0:0:1',
                'ops@example.net',
                'spiffe://example.net/web',
                'Registered ID:1.2.3.4',
            ],
        ),
        (
            'DNS:a.example, DirName:C = US, O = Example, DNS:b.example',
            ['a.example', 'DirName:C = US, O = Example', 'b.example'],
        ),
        ('', []),
        (' , ', []),
    ],
)
def test_pasted_lists(text, names):
    assert split_names(text) == names
