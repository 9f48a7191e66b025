"""
Install the built wheel into a bare NetBox, as its users do, and use it: make run CMD="python .ci/wheel.py"

That NetBox has an environment, a configuration and a database of its own; this checkout is out of its sight. Any step
that does not work ends this with an error.
"""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import requests

from dev import paths, processes, virtual_environments
from dev.console import say, step
from dev.databases import netbox_template
from dev.environment import prepared
from dev.stack import GUNICORN, Stack
from tests.support.api import Api
from tests.support.certificate_factory import issue, make_ca
from tests.support.receiver import Receiver
from tests.support.web_session import logged_in

CONFIGURATION = """
import os
from urllib.parse import urlsplit

database, redis = urlsplit({database!r}), urlsplit({redis!r})
ALLOWED_HOSTS = ['127.0.0.1']
DATABASES = {{'default': {{
    'NAME': database.path[1:], 'USER': database.username, 'PASSWORD': database.password, 'HOST': database.hostname,
    'PORT': str(database.port),
}}}}
REDIS = {{
    name: {{'HOST': redis.hostname, 'PORT': redis.port, 'PASSWORD': redis.password, 'DATABASE': number}}
    for number, name in enumerate(('tasks', 'caching'))
}}
SECRET_KEY = {secret!r}
API_TOKEN_PEPPERS = {{1: {secret!r}}}
PLUGINS = ['netbox_ssl']
CENSUS_REPORTING_ENABLED = False
ISOLATED_DEPLOYMENT = True
"""
SECONDS = 20


class BareStack(Stack):
    """A NetBox that knows nothing of this checkout."""

    def __init__(self, environment, python, folder):
        super().__init__(environment)
        self.python = python
        secret = processes.password() * 2
        values = {'database': environment.databases.url(environment.database), 'redis': environment.redis_url}
        (folder / 'configuration.py').write_text(CONFIGURATION.format(secret=secret, **values))
        self.variables = {
            'PATH': os.pathsep.join([str(python.parent), os.environ['PATH']]),
            'HOME': os.environ.get('HOME', '/'),
            'PYTHONPATH': str(folder),
            'DJANGO_SETTINGS_MODULE': 'netbox.settings',
            'NETBOX_CONFIGURATION': 'configuration',
            'NETBOX_ROOT': str(folder),
        }

    def netbox(self, *arguments, **variables):
        command = [self.python, '-m', 'netbox', *arguments]
        subprocess.run(command, env={**self.variables, **variables}, cwd=self.folder, check=True)

    def collect_static(self):
        self.netbox('collectstatic', '--no-input', '-v', '0')

    def start_web(self, workers=1):
        self.serve([self.python, '-m', 'gunicorn', '--workers', workers, *GUNICORN.split(), 'netbox.wsgi'])

    def start_worker(self, *arguments):
        command = [self.python, '-m', 'netbox', 'rqworker', *arguments]
        self.workers.append(processes.start(command, self.folder / 'worker.log', self.variables, cwd=self.folder))

    def make_account(self):
        """Create the administrator by NetBox's own command, and the token over its own endpoint."""
        self.password = processes.password()
        account = {'DJANGO_SUPERUSER_PASSWORD': self.password, 'DJANGO_SUPERUSER_EMAIL': 'admin@example.com'}
        self.netbox('createsuperuser', '--no-input', '--username', self.username, **account)
        self.wait_for_web()
        credentials = {'username': self.username, 'password': self.password}
        token = requests.post(f'{self.base_url}/api/users/tokens/provision/', json=credentials, timeout=60).json()
        self.authorization = f'Bearer nbt_{token["key"]}.{token["token"]}'


def install(folder):
    """Return the Python of an environment with NetBox and the wheel, and nothing else of ours."""
    (wheel,) = (paths.ROOT / 'dist').glob('*.whl')
    return installed(folder, wheel)


def installed(folder, plugin):
    """Return the Python of an environment with NetBox and a plugin: a wheel, or a requirement."""
    wanted = [f'netbox=={paths.NETBOX_VERSION}', plugin]
    requirements = ['--overrides', virtual_environments.OVERRIDES, *virtual_environments.constraints(), *wanted]
    what = plugin.name if isinstance(plugin, Path) else plugin
    return virtual_environments.ensure(folder / 'venv', paths.digest(plugin), *requirements, what=what) / 'python'


def use(stack):
    """Do what a user does on the first day."""
    api = Api(stack.base_url, stack.authorization)
    ca = make_ca("Let's Encrypt", 'R13')
    made = api.post('plugins/ssl/certificates/import/', {'pem': issue(['www.example.com'], ca).fullchain_pem})
    say('REST import: works')
    browser = logged_in(stack)
    for page in (
        'certificates/',
        f'certificates/{made["certificate"]["id"]}/',
        'renewals/',
        'sources/',
        'docs/',
        'connect/',
    ):
        assert 'www.example.com' in get(browser, stack, page) or not page.startswith('certificates'), page
    assert get(browser, stack, 'connect/files/certbot.sh').startswith('#!/bin/sh')
    say('pages, documentation and hooks: work')
    paste(browser, stack, issue(['pasted.example.com'], ca).fullchain_pem)
    query = {'query': '{certificate_list {name}}'}
    found = api.session.post(f'{stack.base_url}/graphql/', json=query, timeout=60).json()
    assert {each['name'] for each in found['data']['certificate_list']} == {'www.example.com', 'pasted.example.com'}
    say('Smart Paste and GraphQL: work')
    wait_for_announcement(api, ca)
    say('an Event Rule, as time passes: works')


def get(browser, stack, page):
    answer = browser.get(f'{stack.base_url}/plugins/ssl/{page}', timeout=60)
    answer.raise_for_status()
    return answer.text


def paste(browser, stack, pem):
    url = f'{stack.base_url}/plugins/ssl/certificates/smart-paste/'
    form = {'text': pem, '_confirm': '1', 'csrfmiddlewaretoken': browser.cookies['csrftoken']}
    answer = browser.post(url, data=form, headers={'Referer': url}, timeout=60)
    assert answer.ok and 'pasted.example.com' in answer.text


def wait_for_announcement(api, ca):
    """Store a certificate that expires in a moment, and wait for the webhook of the rule."""
    receiver = Receiver()
    hook = api.post('extras/webhooks/', {'name': 'wheel', 'payload_url': receiver.url})
    rule = {
        'name': 'wheel',
        'object_types': ['netbox_ssl.certificate'],
        'event_types': ['netbox_ssl.renewal_status_changed'],
        'action_type': 'webhook',
        'action_object_type': 'extras.webhook',
        'action_object_id': hook['id'],
    }
    api.post('extras/event-rules/', rule)
    end = datetime.now(UTC) + timedelta(seconds=SECONDS)
    expiring = issue(['expiring.example.com'], ca, end - timedelta(days=6), end).fullchain_pem
    api.post('plugins/ssl/certificates/import/', {'pem': expiring, 'acme_auto_renewal': True})
    receiver.wait_for(lambda delivery: delivery.json['data'].get('renewal_status') == 'Expired', timeout=300)
    receiver.close()


def main():
    with prepared() as environment, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        python = install(folder)
        # As most users have it: NetBox is there, the plugin is added.
        environment.databases.copy(environment.database, netbox_template())
        stack = BareStack(environment, python, folder)
        with step('netbox migrate'):
            stack.netbox('migrate', '--no-input', '-v', '0')
        try:
            stack.start()
            use(stack)
        finally:
            stack.stop()
    say('the wheel works in a bare NetBox')
    return 0


if __name__ == '__main__':
    sys.exit(main())
