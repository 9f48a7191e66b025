"""Programs that tests need and the Python package index has not: found on this machine, or installed where we may."""

import shutil

from dev import processes
from dev.console import Failure, step


def ensure(**packages):
    """
    The paths of these programs, given as program=Debian package. All that is missing is installed at once. Fails where
    that is not possible: a skipped test would look green.
    """
    missing = {package for program, package in packages.items() if not shutil.which(program)}
    if missing and processes.has_apt():
        with step(f'installing {", ".join(sorted(missing))} (apt-get install)'):
            processes.apt_install(*sorted(missing))
    paths = {program: shutil.which(program) for program in packages}
    if lacking := sorted(packages[program] for program, path in paths.items() if not path):
        raise Failure(
            f"needed for these tests, and not on this machine (Debian: 'apt-get install {' '.join(lacking)}')"
        )
    return paths
