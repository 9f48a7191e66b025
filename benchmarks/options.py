"""
Options of the benchmarks, which read them from the command line. ``--small`` and ``--tiny`` choose other sizes; at a
tiny size the figures mean nothing, but every line has run.
"""

import os
import sys

# For processes that a benchmark starts
TINY = 'NETBOX_SSL_BENCHMARKS_TINY'

__all__ = ('chosen', 'number', 'rounds', 'tiny', 'value')


def tiny() -> bool:
    return bool(os.environ.get(TINY))


def chosen(full, small, least):
    """Return what stands for the requested size."""
    if tiny():
        return least
    return small if '--small' in sys.argv else full


def rounds(usual: int) -> int:
    """Return how often to measure."""
    return 1 if tiny() else usual


def value(name: str, default: str = '') -> str:
    """Return the value of the last ``--name=value``."""
    values = [argument.partition('=')[2] for argument in sys.argv if argument.startswith(f'--{name}=')]
    return values[-1] if values else default


def number(name: str, default: int) -> int:
    return int(value(name) or default)
