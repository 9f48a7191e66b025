"""
The management command on a folder of 100,000 certificates: rate and peak memory, compared with an idle NetBox, and
again when all certificates are already stored.

    make bench ARGS="command"          100,000 files (about ten minutes)
    make bench ARGS="command --small"  5,000
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import certificates, measure, options
from benchmarks.netbox import emptied, run_within

COUNT = 100_000
SMALL = 5_000
FILES_IN_A_FOLDER = 1_000

NETBOX = (sys.executable, '-m', 'netbox')


def main():
    count = options.chosen(COUNT, SMALL, 20)
    environment = emptied()
    with tempfile.TemporaryDirectory(dir=environment.folder) as folder:
        variables = environment.variables()
        # The import needs a user.
        run_within(environment, "from users.models import User; User.objects.create_superuser('importer')")
        write_files(Path(folder), count)
        rows = []
        for title, arguments in (
            ('idle NetBox', ['shell', '-v', '0', '-c', 'pass']),
            (f'import of {count:,} files', ['import_certificates', folder]),
            ('the same import again, unchanged', ['import_certificates', folder]),
        ):
            seconds, peak = run([*NETBOX, *arguments], variables)
            rate = f'{count / seconds:.0f} /s' if 'import_certificates' in arguments else ''
            rows.append((title, f'{seconds:.0f} s', rate, f'{peak} MB'))
        measure.table(['command', 'time', 'rate', 'peak memory'], rows)


def write_files(folder: Path, count: int) -> None:
    for number, pem in enumerate(certificates.pems(count, 'f')):
        part = folder / f'{number // FILES_IN_A_FOLDER:04d}'
        part.mkdir(exist_ok=True)
        (part / f'{number:07d}.pem').write_text(pem)


def run(command: list[str], variables: dict) -> tuple[float, int]:
    """Return the seconds that ``command`` took, and its peak memory in MB."""
    start = time.perf_counter()
    process = subprocess.Popen(command, env=variables, stdout=subprocess.DEVNULL)
    _pid, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f'failed: {" ".join(command)}')
    return time.perf_counter() - start, usage.ru_maxrss // 1024
