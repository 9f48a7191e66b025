"""
``docs/explanation/measurements.md``: what the benchmarks printed, with machine and date. Nothing in it is written by
hand: a benchmark that runs with ``--record`` replaces its own section.
"""

import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psycopg

from benchmarks import options
from dev import paths
from dev.environment import prepared

__all__ = ('PAGE', 'record', 'sections', 'written')

PAGE = Path(paths.ROOT, 'docs/explanation/measurements.md')
HEADING = '## '
PREAMBLE = """# Measurements

What imports, pages and sweeps cost, as the benchmarks printed it. Each section names its date, its machine and its
command, which prints the same table on yours. Compare the ratios rather than the times: both sides of a ratio were
measured in turn in one run.
"""


def record(name: str, title: str, arguments: list[str], order: list[str]) -> None:
    """
    Run a benchmark, show what it prints, and write its tables to the page.

    Args:
        name: of the benchmark
        title: of its section
        arguments: options of the command line for it
        order: the titles of all sections, in the order of the page
    """
    about = conditions([name, *arguments])
    tables = [line for line in output([name, *arguments]) if line.startswith('|') or not line]
    section = re.sub(r'\n{3,}', '\n\n', '\n'.join([about, '', *tables])).strip() + '\n'
    if not options.tiny():
        text = PAGE.read_text() if PAGE.exists() else PREAMBLE
        PAGE.write_text(written({**sections(text), title: section}, order))


def output(arguments: list[str]):
    """Yield the lines that a benchmark prints, and print them."""
    command = [sys.executable, '-m', 'benchmarks', *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end='', flush=True)
            yield line.rstrip('\n')
    if process.returncode:
        raise SystemExit(process.returncode)


def sections(text: str) -> dict[str, str]:
    """Return the title → text of the sections of the page."""
    parts = text.split(f'\n{HEADING}')[1:]
    return {title: body.strip() + '\n' for title, _, body in (part.partition('\n') for part in parts)}


def written(found: dict[str, str], order: list[str]) -> str:
    """Return the page. A section that is no longer measured is left out."""
    return '\n'.join([PREAMBLE, *(f'{HEADING}{title}\n\n{found[title]}' for title in order if title in found)])


def conditions(arguments: list[str]) -> str:
    """Return the sentence about when, how and where something is measured."""
    load = os.getloadavg()[0]
    revision = subprocess.run(
        ['git', 'rev-parse', '--short', 'HEAD'], cwd=paths.ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    with prepared() as environment, psycopg.connect(environment.databases.url('postgres')) as connection:
        postgresql = connection.info.parameter_status('server_version').split()[0]
        (buffers,) = connection.execute('SHOW shared_buffers').fetchone()
    today = datetime.now(UTC)
    return (
        f'Measured on {today:%Y-%m-%d} by `make bench ARGS="{" ".join(arguments)}"`: NetBox SSL at {revision}, '
        f'NetBox {version("netbox")}, Python {platform.python_version()}, PostgreSQL {postgresql} '
        f'(shared_buffers = {buffers}); '
        f'{os.cpu_count()} cores ({processor()}), {memory()} GiB of memory, load average {load:.1f} at the start.'
    )


def processor() -> str:
    """Return the model of the processor, or its architecture."""
    lines = Path('/proc/cpuinfo').read_text().splitlines() if Path('/proc/cpuinfo').exists() else []
    models = (line.partition(':')[2].strip() for line in lines if line.startswith('model name'))
    return next(models, platform.machine())


def memory() -> int:
    return round(os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30)
