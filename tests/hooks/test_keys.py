"""No private key leaves the host, whatever the file of certificates contains; no secrets on command lines."""

import base64
import random

import pytest

from tests.hooks.lineages import certbot, lego
from tests.hooks.running import TOKEN
from tests.support.acme_issuances import issue_acme
from tests.support.private_keys import ders, pems

ISSUED = issue_acme()


def body_of(pem):
    return ''.join(line for line in pem.splitlines() if not line.startswith('-----'))


def as_certificate(pem):
    """Return a key labelled as a certificate."""
    lines = [line for line in pem.splitlines() if not line.startswith('-----')]
    return '\n'.join(['-----BEGIN CERTIFICATE-----', *lines, '-----END CERTIFICATE-----', ''])


def is_leaked(netbox, pem):
    """Return whether any line of the key arrived."""
    arrived = b''.join(report.body for report in netbox.reports).decode()
    return any(line in arrived for line in pem.splitlines() if not line.startswith('-----') and len(line) > 20)


KEY = ISSUED.key_pem
MIXTURES = {
    'key after': ISSUED.fullchain_pem + KEY,
    'key before': KEY + ISSUED.fullchain_pem,
    'key between': ISSUED.pem + KEY + ISSUED.fullchain_pem.removeprefix(ISSUED.pem),
    'key alone': KEY,
    'key in CRLF': (ISSUED.fullchain_pem + KEY).replace('\n', '\r\n'),
    'begin line lost': ISSUED.fullchain_pem + '\n'.join(KEY.splitlines()[1:]),
    'both lines lost': ISSUED.fullchain_pem + '\n'.join(KEY.splitlines()[1:-1]) + '\n',
    'lost, before': '\n'.join(KEY.splitlines()[1:-1]) + '\n' + ISSUED.fullchain_pem,
    'named certificate': as_certificate(KEY),
    'named certificate, after one': ISSUED.fullchain_pem + as_certificate(KEY),
    'within a block': ISSUED.pem.replace('-----END CERTIFICATE-----', '\n'.join(KEY.splitlines()[1:-1])),
    'in one line': ISSUED.fullchain_pem + '-----BEGIN PRIVATE KEY-----' + body_of(KEY) + '-----END PRIVATE KEY-----\n',
    'lower case': ISSUED.fullchain_pem + KEY.replace('PRIVATE KEY', 'private key'),
    'attributes': ISSUED.fullchain_pem + 'Bag Attributes\n    friendlyName: x\n' + KEY,
}


@pytest.mark.parametrize('mixture', MIXTURES)
def test_no_key_is_sent(host, netbox, tmp_path, mixture):
    file = lego(tmp_path / 'lego', issued=ISSUED)
    file.write_text(MIXTURES[mixture])
    run = host.run('lego.sh', LEGO_CERT_PATH=file, LEGO_CERT_DOMAIN='www.example.net')
    assert run.code == 0
    assert not is_leaked(netbox, KEY)
    if not netbox.reports:
        assert 'was not sent' in run.lines[0]
        assert host.everything_kept() == b''
    assert not any(line in run.stderr for line in KEY.splitlines()[1:-1])


def test_no_kind_of_key_is_accepted_as_a_certificate(host, netbox, tmp_path):
    file = lego(tmp_path / 'lego', issued=ISSUED)
    for kind, der in ders().items():
        body = base64.encodebytes(der).decode()
        file.write_text(ISSUED.fullchain_pem + as_certificate(body))
        run = host.run('lego.sh', LEGO_CERT_PATH=file)
        assert (run.code, netbox.reports) == (0, []), kind
        assert 'was not sent' in run.stderr
        # In one line, as written by some tools
        file.write_text(as_certificate(body.replace('\n', '')) + ISSUED.fullchain_pem)
        assert (host.run('lego.sh', LEGO_CERT_PATH=file).code, netbox.reports) == (0, []), kind


def test_no_form_of_key_among_certificates_is_sent(host, netbox, tmp_path):
    file = lego(tmp_path / 'lego', issued=ISSUED)
    for kind, pem in pems().items():
        file.write_text(ISSUED.fullchain_pem + pem)
        assert host.run('lego.sh', LEGO_CERT_PATH=file).code == 0
        assert not is_leaked(netbox, pem), kind


@pytest.mark.parametrize('seed', range(6))
def test_lines_in_any_order(host, netbox, tmp_path, seed):
    lines = (ISSUED.fullchain_pem + KEY).splitlines()
    random.Random(seed).shuffle(lines)
    file = lego(tmp_path / 'lego', issued=ISSUED)
    file.write_text('\n'.join(lines))
    host.run('lego.sh', LEGO_CERT_PATH=file)
    assert not is_leaked(netbox, KEY)


def test_certificates_of_all_sizes_pass(host, netbox, tmp_path):
    names = [['a.example.net'], [f'{number}.example.net' for number in range(3)]]
    names += [[f'a-rather-long-name-{number}.example.net' for number in range(count)] for count in (100, 600, 1000)]
    for count, each in enumerate(names, start=1):
        issued = issue_acme(each)
        file = lego(tmp_path / 'lego', f'n{count}', issued)
        assert host.run('lego.sh', LEGO_CERT_PATH=file).lines == []
        assert netbox.items[-1]['pem'] == issued.fullchain_pem.strip()


UNTIDY = {
    'byte order mark': lambda pem: '\ufeff' + pem,
    'blank lines': lambda pem: pem.replace('\n', '\n\n'),
    'trailing blanks': lambda pem: pem.replace('\n', ' \t\n'),
    'CRLF': lambda pem: pem.replace('\n', '\r\n'),
    'no newline at the end': lambda pem: pem.rstrip(),
    'text around': lambda pem: f'subject=CN=www.example.net\n\n{pem}\nend\n',
    'all at once': lambda pem: '\ufeffx\r\n' + pem.replace('\n', ' \r\n\r\n').rstrip(),
}


@pytest.mark.parametrize('untidy', UNTIDY)
def test_untidy_files_pass(host, netbox, tmp_path, untidy):
    """Untidy files, as left by editors and pasting; the reports are tidy."""
    file = lego(tmp_path / 'lego', issued=ISSUED)
    file.write_bytes(UNTIDY[untidy](ISSUED.fullchain_pem).encode())
    assert host.run('lego.sh', LEGO_CERT_PATH=file).lines == []
    assert [item['pem'] for item in netbox.items] == [ISSUED.fullchain_pem.strip()]


def test_keys_are_not_even_opened(host, tmp_path, netbox):
    host.record()
    directory = tmp_path / 'letsencrypt'
    live = certbot(directory)
    for key in directory.rglob('privkey*'):
        if not key.is_symlink():
            key.unlink()
    assert host.run('certbot.sh', RENEWED_LINEAGE=live).lines == []
    assert host.run('certbot.sh', '--sync', directory).lines == []
    assert len(netbox.items) == 2
    assert 'privkey' not in host.command_lines


def test_nothing_secret_on_command_lines(host, netbox, tmp_path):
    host.record()
    live = certbot(tmp_path / 'letsencrypt')
    host.run('certbot.sh', RENEWED_LINEAGE=live, NETBOX_ACME_EMAIL='ops@example.net')
    assert len(netbox.items) == 1
    seen = host.command_lines
    assert 'curl -q' in seen, 'curl is recorded'
    assert TOKEN not in seen
    assert TOKEN.partition('.')[2] not in seen
    assert base64.b64encode(TOKEN.encode()).decode() not in seen
    body = body_of(netbox.items[0]['pem'])
    assert not any(body[start : start + 40] in seen for start in range(0, len(body) - 40, 40))
    assert 'ops@example.net' not in seen


def test_the_token_is_not_in_the_environment_of_others(host, netbox, tmp_path):
    host.record()
    host.program('hostname', f'env >>"{host.log}"')
    host.program('date', f'env >>"{host.log}"; exec /bin/date "$@"')
    host.run('certbot.sh', RENEWED_LINEAGE=certbot(tmp_path / 'le'), NETBOX_ACME_SOURCE=None)
    # hostname and date run after the settings are read.
    lines = [line for line in host.command_lines.splitlines() if TOKEN in line]
    assert lines == []
