"""How the hooks read certificates and compute times, without a program for X.509."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from tests.hooks import lineages
from tests.hooks.lineages import DIRECTORY
from tests.hooks.running import HOOKS
from tests.support.acme_issuances import in_house_ca, issue_acme
from tests.support.certificate_factory import issue, make_ca

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def library(host, code: str, *arguments) -> list[str]:
    """Return the lines that code prints after loading the part of the library that reads certificates."""
    script = host.folder / 'script'
    script.write_text(f'set -u\nLC_ALL=C\nexport LC_ALL\nchain_file=\n. {HOOKS}/lib-certificate.sh\n{code}')
    run = host.run(script, *arguments)
    assert (run.code, run.lines) == (0, [])
    return run.stdout.splitlines()


def test_validity(host, tmp_path):
    """The same as the X.509 library, for each form of time, length of serial number and name, and kind of key."""
    host.without('openssl')
    chance = random.Random(5280)
    authorities = [in_house_ca(), make_ca('Ö' * 50, 'x' * 50), make_ca(None, 'y', country=None)]
    expected = []
    for number in range(60):
        start = EPOCH + timedelta(seconds=chance.randrange(-14 * 365, 180 * 365) * 86400 + chance.randrange(86400))
        issued = issue(
            [f'{name}.example.net' for name in range(chance.choice((1, 2, 100)))],
            chance.choice(authorities),
            start,
            start + timedelta(seconds=chance.randrange(10**9)),
            key_type=chance.choice(('ecdsa', 'rsa', 'ed25519')),
            serial_number=chance.randrange(1, 2 ** chance.choice((7, 8, 64, 159))),
        )
        lineages.written(tmp_path / 'chains' / f'{number:02}.pem', issued.fullchain_pem)
        dates = issued.certificate.not_valid_before_utc, issued.certificate.not_valid_after_utc
        expected.append(' '.join(str(int((date - EPOCH).total_seconds())) for date in dates))
    code = 'for chain in "$1"/*; do read_chain "$chain"; echo "$begins $ends"; done'
    assert library(host, code, tmp_path / 'chains') == expected


def test_unreadable_validity_is_unknown(host, tmp_path):
    """Data that starts like a certificate but is not one is sent, and NetBox reports the error."""
    issued = issue_acme()
    lines = issued.pem.splitlines()
    chance = random.Random(0)
    for number in range(20):
        broken = [lines[0], lines[1][:8] + ''.join(chance.choices('ABCDxyz019+/', k=56)), *lines[2:], '']
        lineages.written(tmp_path / 'chains' / str(number), '\n'.join(broken))
    lineages.written(tmp_path / 'chains' / 'short', '\n'.join((lines[0], lines[1][:12], lines[-1], '')))
    code = 'for chain in "$1"/*; do read_chain "$chain" || echo refused; echo "$begins $ends"; done'
    lines = library(host, code, tmp_path / 'chains')
    # The broken part may be one that is not read here, such as the serial number.
    dates = issued.certificate.not_valid_before_utc, issued.certificate.not_valid_after_utc
    known = ' '.join(str(int(date.timestamp())) for date in dates)
    assert len(lines) == 21 and lines.count(' ') >= 15 and set(lines) <= {' ', known}


def test_times(host):
    chance = random.Random(1)
    moments = [1, 951782399, 951868800, *(chance.randrange(1, 2**33) for _ in range(200))]
    expected = [(EPOCH + timedelta(seconds=moment)).strftime('%Y-%m-%dT%H:%M:%SZ') for moment in moments]
    assert library(host, 'for each in "$@"; do at_epoch "$each"; echo "$time"; done', *moments) == expected
    odd = ['', '-1', '08', '1x', '$(touch evil)', '1.5']
    assert library(host, 'for each in "$@"; do at_epoch "$each"; echo "$time"; done', *odd) == [''] * len(odd)


def acme_sh(folder, name, issued):
    lineages.written(folder / 'account.conf', '')
    lineages.written(folder / f'{name}_ecc' / 'fullchain.cer', issued.fullchain_pem)
    conf = f"Le_Webroot='dns_cf'\nLe_API='{DIRECTORY}'\nLe_CertCreateTime='1795479661'\nLe_RenewalDays='60'\n"
    lineages.written(folder / f'{name}_ecc' / f'{name}.conf', conf)


def caddy(folder, name, issued):
    issuer = folder / 'certificates' / 'acme-v02.api.letsencrypt.org-directory'
    lineages.written(issuer / name / f'{name}.crt', issued.fullchain_pem)


@pytest.mark.parametrize(
    ('hook', 'make'),
    [
        ('certbot.sh', lambda folder, name, issued: lineages.certbot(folder, name, issued)),
        ('lego.sh', lineages.lego),
        ('acme-sh.sh', acme_sh),
        ('caddy.sh', caddy),
    ],
    ids=lambda value: value if isinstance(value, str) else '',
)
def test_a_lineage_costs_few_processes(host, netbox, tmp_path, hook, make):
    """
    A host may have thousands, and each process takes a millisecond or two; see ``make bench ARGS=hooks``. Counted with
    the shell whose tools are all separate programs.
    """
    host.record()
    issued, programs = issue_acme(), {file.name for file in host.bin.iterdir()}
    counts = []
    for count in (10, 60):
        for number in range(count):
            make(tmp_path / f'lineages{count}', f'www{number}.example.net', issued)
        host.log.unlink(missing_ok=True)
        assert host.run(hook, '--sync', tmp_path / f'lineages{count}').lines == []
        counts.append(sum(line.split(' ')[0] in programs for line in host.command_lines.splitlines()))
    assert len(netbox.items) == 70
    assert (counts[1] - counts[0]) / 50 <= 2
