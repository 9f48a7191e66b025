"""NetBox behind gunicorn, with the static files served by the same process: there is no web server in front."""

import os
from pathlib import Path

from netbox.wsgi import application as netbox
from whitenoise import WhiteNoise

application = WhiteNoise(netbox, root=Path(os.environ['NETBOX_ROOT']) / 'static', prefix='static/', max_age=300)
