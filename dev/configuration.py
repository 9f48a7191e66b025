"""NetBox's configuration for demo and tests. All values come from the variables that dev/environment.py sets."""

import json
import os
from urllib.parse import unquote, urlsplit

from dev.paths import secret

_database = urlsplit(os.environ['NETBOX_SSL_RUN_DATABASE'])
_redis = urlsplit(os.environ['NETBOX_SSL_RUN_REDIS'])
_testing = os.environ.get('NETBOX_SSL_RUN_TESTING') == '1'

# Every pytest-xdist worker (gw0, gw1, ...) has its own two Redis databases, in addition to the first two.
_worker = os.environ.get('PYTEST_XDIST_WORKER', '')
_first_redis_database = int(_redis.path.strip('/') or 0)
if _worker:
    _first_redis_database += 2 * (int(_worker.removeprefix('gw')) + 1)


def _redis_connection(number):
    return {
        'HOST': _redis.hostname,
        'PORT': _redis.port or 6379,
        'USERNAME': unquote(_redis.username or ''),
        'PASSWORD': unquote(_redis.password or ''),
        'DATABASE': _first_redis_database + number,
        'SSL': _redis.scheme == 'rediss',
    }


_name = _database.path.strip('/')
DATABASES = {
    'default': {
        'NAME': _name,
        'USER': unquote(_database.username or ''),
        'PASSWORD': unquote(_database.password or ''),
        'HOST': _database.hostname,
        'PORT': str(_database.port or 5432),
        'CONN_MAX_AGE': 300,
        # Otherwise each thread of the web server fails once after a restart of PostgreSQL, as in one of the tests.
        'CONN_HEALTH_CHECKS': not _testing,
        # dev/databases.py creates these as copies of a migrated database, one per worker, with its suffix.
        'TEST': {'NAME': f'{_name}_test'},
    },
}
REDIS = {'tasks': _redis_connection(0), 'caching': _redis_connection(1)}

ALLOWED_HOSTS = ['localhost', '127.0.0.1', '[::1]', 'testserver']
SECRET_KEY = secret('secret-key')
API_TOKEN_PEPPERS = {1: secret('pepper')}

PLUGINS = json.loads(os.environ.get('NETBOX_SSL_RUN_PLUGINS', '["netbox_ssl"]'))
if 'netbox_branching' in PLUGINS:
    # As in its documentation
    from netbox_branching.utilities import DynamicSchemaDict

    DATABASES = DynamicSchemaDict(DATABASES)
    DATABASE_ROUTERS = ['netbox_branching.database.BranchAwareRouter']
PLUGINS_CONFIG = json.loads(os.environ.get('NETBOX_SSL_RUN_PLUGINS_CONFIG', '{}'))

# The mail server that the tutorial on expiry monitoring starts. Without it, mail is retried like webhooks.
EMAIL = {'SERVER': '127.0.0.1', 'PORT': 1025, 'FROM_EMAIL': 'netbox@example.com'}

# NetBox requires this for makemigrations. It changes nothing else.
DEVELOPER = True
# Send nothing to other machines.
CENSUS_REPORTING_ENABLED = False
# Only set by tests with a CA on this machine
ISOLATED_DEPLOYMENT = os.environ.get('NETBOX_SSL_RUN_ISOLATED') != '0'
RELEASE_CHECK_URL = None
METRICS_ENABLED = os.environ.get('NETBOX_SSL_RUN_METRICS') == '1'
TIME_ZONE = 'UTC'

if _testing:
    # As in NetBox's own test configuration: no permission is granted by default, and a job is queued without waiting
    # for a commit (which never comes within a test case).
    DEFAULT_PERMISSIONS = {}
    RQ = {'COMMIT_MODE': 'auto'}
    # NetBox's API views warn about each refused request, which many tests provoke.
    LOGGING = {'version': 1, 'disable_existing_loggers': True}
