"""Packages are unpacked with the libraries that they lack, for all checkouts, and nothing is installed."""

import pytest

from dev import debian
from dev.console import Failure
from tests.support import programs

APT_GET = """#!/bin/sh
echo "$*" >>"{folder}/log"
case $1 in
    update) : >"{folder}/current" ;;
    download) shift; for name in "$@"; do : >"$name.deb"; done ;;
    install)
        [ -e "{folder}/current" ] || {{ echo 'E: Unable to locate package' >&2; exit 100; }}
        echo 'Inst server (1.0 Debian:12 [amd64])'
        echo 'Inst libwrap0 (7.6 Debian:12 [amd64])'
        echo 'Inst adduser (3.1 Debian:12 [all])'
        ;;
esac
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/sbin" && echo "$2" >"$3/usr/sbin/$(basename "$2" .deb)" && chmod +x "$3/usr/sbin/"*
"""


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with old lists of packages, on which a server lacks a library."""
    scripts = {'apt-get': APT_GET, 'dpkg-deb': DPKG_DEB, 'ldd': '#!/bin/sh\necho "libwrap.so.0 => not found"\n'}
    for name, text in scripts.items():
        file = tmp_path / name
        file.write_text(text.format(folder=tmp_path) if name == 'apt-get' else text)
        file.chmod(0o755)
    monkeypatch.setenv('PATH', f'{tmp_path}:{programs.FOLDER}')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path


def test_unpacked_with_the_missing_libraries(machine):
    assert debian.unpacked(('server',), 'usr/sbin/server') is None
    debian.unpack('server')
    assert debian.unpacked(('server',), 'usr/sbin/server').exists()
    assert debian.unpacked(('server',), 'usr/sbin/libwrap0').exists()
    assert debian.unpacked(('server',), 'usr/sbin/adduser') is None
    commands = (machine / 'log').read_text().splitlines()
    assert [command for command in commands if command.startswith('install')] == [
        'install --simulate --no-install-recommends server'
    ] * 2, 'again with current lists'
    # The next checkout finds it.
    debian.unpack('server')
    assert (machine / 'log').read_text().splitlines() == commands


def test_a_package_that_does_not_exist(machine, capsys):
    (machine / 'apt-get').write_text('#!/bin/sh\necho "E: no such package" >&2; exit 100\n')
    with pytest.raises(Failure, match='apt-get download server'):
        debian.unpack('server')
    assert 'no such package' in capsys.readouterr().err
    assert debian.unpacked(('server',), 'usr/sbin/server') is None
