"""
``python -m benchmarks [NAME …]``: run the named benchmarks, or all of them (``all``).

With ``--tiny``, only to see that they work. With ``--record``, and for ``all``, their tables replace those in
``docs/explanation/measurements.md``.
"""

import importlib
import os
import shlex
import sys

from benchmarks import netbox, options
from benchmarks.record import record

NAMES = {
    'facts': ('benchmarks.x509_facts', 'reading X.509 facts compared with plain cryptography'),
    'imports': ('benchmarks.imports', 'REST import compared with the peer and with NetBox itself'),
    'command': ('benchmarks.command', 'the management command on a folder of certificates'),
    'names': ('benchmarks.names', 'finding the certificates that cover a name, among 1,000,000 names'),
    'lists': ('benchmarks.lists', "REST and UI lists at 100,000 rows compared with NetBox's IP addresses"),
    'costs': ('benchmarks.costs', "what a page costs, compared with a page of NetBox's own"),
    'pages': ('benchmarks.pages', 'Renewals, widgets and metrics at 1,000,000 certificates, most of them not ACME'),
    'reports': ('benchmarks.reports', 'reports without changes, and the sweep of the sources'),
    'suggestions': (
        'benchmarks.suggestions',
        'suggested assignments at 100,000 certificates and IP addresses',
    ),
    'hooks': ('benchmarks.hooks', 'processor time of a nightly report, per lineage'),
    'private-keys': ('benchmarks.private_keys', 'the search for private keys, and inputs on which it is slow'),
    'fuzz': ('benchmarks.fuzz', 'malformed input sent to the REST import'),
    'ari': ('benchmarks.ari', 'polling CAs for renewal information, at up to 1,000,000 certificates'),
    'sweep': ('benchmarks.sweep', 'the sweep at 10,000 to 1,000,000 certificates'),
}

# Stands for all names, and records them.
ALL = 'all'
RECORD = '--record'


def main():
    arguments = sys.argv[1:] or shlex.split(os.environ.get('ARGS', ''))
    # The benchmarks read their options from sys.argv.
    sys.argv[1:] = arguments
    if '--tiny' in arguments:
        os.environ[options.TINY] = '1'
    given = [argument for argument in arguments if not argument.startswith('-')]
    wanted = list(NAMES) if given in ([], [ALL]) else given
    if unknown := [name for name in wanted if name not in NAMES]:
        raise SystemExit(f'unknown: {", ".join(unknown)}; choose from {", ".join([ALL, *NAMES])}')
    try:
        run(wanted, arguments)
    finally:
        netbox.stop()


def run(wanted, arguments):
    flags = [argument for argument in arguments if argument.startswith('-') and argument != RECORD]
    for name in wanted:
        module, title = NAMES[name]
        print(f'\n## {name}: {title}\n', flush=True)
        if RECORD in arguments or ALL in arguments:
            record(name, heading(title), flags, [heading(each) for _module, each in NAMES.values()])
        else:
            importlib.import_module(module).main()


def heading(title: str) -> str:
    """Return a title that begins with a capital letter, which ``str.capitalize`` would take from names within."""
    return title[0].upper() + title[1:]


if __name__ == '__main__':
    main()
