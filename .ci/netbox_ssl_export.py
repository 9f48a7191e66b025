"""
Make the exports of netbox-ssl that tests/imports/netbox_ssl_export reads, with that plugin itself:
make run CMD="python .ci/netbox_ssl_export.py"

It is installed with NetBox into an environment of its own, fills a database of its own, and is asked for its exports.
Only certificates are kept; their keys are never written to disk.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from wheel import BareStack, installed

from dev import paths
from dev.console import say, step
from dev.databases import netbox_template
from dev.environment import prepared
from tests.support.api import Api

VERSION = '1.4.0'
TARGET = paths.ROOT / 'tests' / 'imports' / 'netbox_ssl_export' / 'data'
# As in docs/how-to/from-netbox-ssl.md
DUMP = 'dumpdata --natural-foreign netbox_ssl extras.taggeditem tenancy.contactassignment extras.journalentry'
FILL = Path(__file__).with_name('netbox_ssl_export_data.py')


def main():
    with prepared() as environment, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = installed(folder, f'netbox-ssl=={VERSION}')
        environment.databases.copy(environment.database, netbox_template())
        stack = BareStack(environment, python, folder)
        with step('netbox migrate'):
            stack.netbox('migrate', '--no-input', '-v', '0')
        subprocess.run([python, FILL, paths.ROOT], env=stack.variables, cwd=folder, check=True)
        try:
            stack.collect_static()
            stack.start_web()
            stack.make_account()
            export(stack)
        finally:
            stack.stop()
    say(f'the exports are in {TARGET}')
    return 0


def export(stack):
    TARGET.mkdir(parents=True, exist_ok=True)
    indented = ('--indent', '1', '--output', str(TARGET / 'dumpdata.json'))
    stack.netbox(*DUMP.split(), *indented)
    api = Api(stack.base_url, stack.authorization)
    for name in ('certificates', 'assignments'):
        text = json.dumps(api.get(f'plugins/ssl/{name}/', limit=0), indent=1, ensure_ascii=False)
        # The port is different in each run.
        text = text.replace(stack.base_url, 'http://netbox.example.com')
        (TARGET / f'{name}.json').write_text(f'{text}\n', encoding='utf-8')
    fields = 'id,common_name,serial_number,fingerprint_sha256,issuer,valid_from,valid_to,status,tenant,sans,assignments'
    given = {'include_pem': True, 'fields': fields.split(','), 'format': 'yaml'}
    answer = api.session.post(f'{stack.base_url}/api/plugins/ssl/certificates/export/', json=given, timeout=60)
    answer.raise_for_status()
    (TARGET / 'export.yaml').write_text(answer.text, encoding='utf-8')


if __name__ == '__main__':
    sys.exit(main())
