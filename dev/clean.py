"""`make clean`: remove everything that the tooling created in this checkout. Standard library only."""

import shutil

from dev import locks, paths
from dev.console import Failure, say
from dev.postgres import USERS, Cluster, stop_if_unused


def clean():
    if not paths.STATE.exists():
        return 0
    if locks.is_held(USERS):
        raise Failure('a demo or a test run of this checkout is still running: stop it first.')
    stop_if_unused()
    Cluster().remove()
    shutil.rmtree(paths.STATE)
    say(f'removed {paths.STATE.name}; the cache that all checkouts share stays: {paths.cache_folder()}')
    return 0
