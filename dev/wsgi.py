"""NetBox behind gunicorn, with the static files served by the same process: there is no web server in front."""

import os
from pathlib import Path

from django.db import connections
from django.urls import get_resolver
from netbox.wsgi import application as netbox
from whitenoise import WhiteNoise

application = WhiteNoise(netbox, root=Path(os.environ['NETBOX_ROOT']) / 'static', prefix='static/', max_age=300)

# Views, forms and the GraphQL schema, which otherwise every process loads again at its first request.
get_resolver().url_patterns  # noqa: B018

# gunicorn loads this once and forks: a database connection that was opened while loading must not be shared.
connections.close_all()
