"""Debian packages, installed where that is possible: as root, on a machine with apt-get."""

import os
import shutil
import subprocess
import sys

from dev import locks, paths
from dev.console import Failure


def can_install():
    return os.geteuid() == 0 and shutil.which('apt-get') is not None


def install(*packages):
    """Install packages; the caller has made sure that this is possible. One run of apt-get at a time."""
    install = ['install', '-y', '-qq', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=600', *packages]
    with locks.exclusive(paths.cache_folder() / 'apt-get.lock'):
        # The package lists of a new machine are empty, those of an old one name versions that are gone.
        if apt_get(*install).returncode:
            apt_get('update', '-qq')
            done = apt_get(*install)
            if done.returncode:
                sys.stderr.write(done.stdout + done.stderr)
                raise Failure(f"'apt-get install {' '.join(packages)}' failed (see its output above).")


def apt_get(*arguments):
    env = {**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'}
    return subprocess.run(['apt-get', *arguments], env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
