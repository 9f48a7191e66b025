"""
`python dev/acme_wsgi.py PORT`: acme2certifier's WSGI application on 127.0.0.1 (its own main listens on all addresses).
Run by the Python of dev/acme_server.py, which has nothing of this project.
"""

import sys

from acme2certifier.share.acme2certifier_wsgi import application
from werkzeug.serving import run_simple

run_simple('127.0.0.1', int(sys.argv[1]), application, threaded=True)
