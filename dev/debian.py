"""
Debian packages: installed where that is possible, as root on a machine with apt-get, or only unpacked, which any user
can do and which starts no services.
"""

import os
import platform
import shutil
import subprocess
import sys

from dev import locks, paths
from dev.console import Failure


def can_install():
    return os.geteuid() == 0 and shutil.which('apt-get') is not None


def can_unpack():
    return all(map(shutil.which, ('apt-get', 'dpkg-deb')))


def install(*packages):
    """Install packages; the caller has made sure that this is possible. One run of apt-get at a time."""
    install = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600', *packages]
    with locks.exclusive(paths.cache_folder() / 'apt-get.lock'):
        _with_current_lists(*install, what=f"'apt-get install {' '.join(packages)}'")


def unpack(*packages):
    """
    Download and unpack packages, and libraries that they need and this machine lacks, for all checkouts; the caller has
    made sure that this is possible.
    """
    folder = _folder(packages)
    with locks.exclusive(paths.cache_folder() / 'apt-get.lock'):
        if folder.exists():
            return
        unfinished = folder.with_name(f'{folder.name}.new')
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        _download_and_unpack(packages, unfinished)
        if _lacks_libraries(unfinished):
            _download_and_unpack(_missing_libraries(packages), unfinished)
        unfinished.rename(folder)


def unpacked(packages, path):
    """Return the path of a file in unpacked packages, or None. ``path`` is relative to the root of the file system."""
    file = _folder(packages) / path
    return file if file.exists() else None


def _folder(packages):
    try:
        system = platform.freedesktop_os_release()
    except OSError:
        # Not Linux
        system = {'ID': platform.system()}
    release = '-'.join((system['ID'], system.get('VERSION_ID', 'rolling'), platform.machine()))
    return paths.cache_folder() / 'packages' / release / '+'.join(packages)


def _download_and_unpack(packages, folder):
    _with_current_lists('download', *packages, what=f"'apt-get download {' '.join(packages)}'", cwd=folder)
    for package in folder.glob('*.deb'):
        subprocess.run(['dpkg-deb', '-x', package, folder], check=True)
        package.unlink()


def _lacks_libraries(folder):
    files = [file for file in folder.rglob('*') if file.is_file() and os.access(file, os.X_OK)]
    done = subprocess.run(['ldd', *files], capture_output=True, text=True)
    return '=> not found' in done.stdout


def _missing_libraries(packages):
    """Return the packages with libraries that would be installed with these packages."""
    simulate = ['install', '--simulate', '--no-install-recommends', *packages]
    output = _with_current_lists(*simulate, what=f"'apt-get install {' '.join(packages)}'")
    would_install = {line.split()[1] for line in output.splitlines() if line.startswith('Inst ')}
    return sorted(name for name in would_install - {*packages} if name.startswith('lib'))


def _with_current_lists(*arguments, what, cwd=None):
    """Run apt-get, again with current package lists if it fails, and return its standard output."""
    done = _apt_get(*arguments, cwd=cwd)
    # The lists of a new machine are empty, those of an old one name versions that are gone.
    if done.returncode:
        # Only root may do it.
        _apt_get('update', '-qq')
        done = _apt_get(*arguments, cwd=cwd)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            raise Failure(f'{what} failed (see its output above).')
    return done.stdout


def _apt_get(*arguments, cwd=None):
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive', 'LC_ALL': 'C'}
    command = ['apt-get', *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=cwd)
