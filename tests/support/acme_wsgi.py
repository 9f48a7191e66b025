"""
Run acme2certifier's WSGI application on 127.0.0.1 (its own main listens on all addresses): ``acme_wsgi.py PORT``.

It runs in the environment of ``acme_server.py``, in which nothing of this project is installed.
"""

import sys

from acme2certifier.share.acme2certifier_wsgi import application
from werkzeug.serving import run_simple

run_simple('127.0.0.1', int(sys.argv[1]), application, threaded=True)
