"""
``python -m benchmarks [NAME …]``: run the named benchmarks, or all of them.

With ``--tiny``, only to see that they work.
"""

import importlib
import os
import shlex
import sys

from benchmarks import options

NAMES = {
    'facts': ('benchmarks.x509_facts', 'reading X.509 facts compared with plain cryptography'),
    'imports': ('benchmarks.imports', 'REST import compared with the peer and with NetBox itself'),
    'command': ('benchmarks.command', 'the management command on a folder of certificates'),
    'names': ('benchmarks.names', 'finding the certificates that cover a name, among 1,000,000 names'),
    'lists': ('benchmarks.lists', "REST and UI lists at 100,000 rows compared with NetBox's IP addresses"),
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


def main():
    arguments = sys.argv[1:] or shlex.split(os.environ.get('ARGS', ''))
    # The benchmarks read their options from sys.argv.
    sys.argv[1:] = arguments
    if '--tiny' in arguments:
        os.environ[options.TINY] = '1'
    wanted = [argument for argument in arguments if not argument.startswith('-')] or list(NAMES)
    if unknown := [name for name in wanted if name not in NAMES]:
        raise SystemExit(f'unknown: {", ".join(unknown)}; choose from {", ".join(NAMES)}')
    for name in wanted:
        module, title = NAMES[name]
        print(f'\n## {name}: {title}\n', flush=True)
        importlib.import_module(module).main()


if __name__ == '__main__':
    main()
