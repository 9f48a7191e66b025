"""
Pages: one module for each object (``certificates``, ``issuances``, …) and for each other page (``smart_paste``,
``overview``, ``renewals``, …). Importing the package registers the views of the models. The views of the objects can be
imported from here, where NetBox's own test cases look for them.
"""

# ruff: noqa: F403
from . import ari, bulk_import, history, places, redetection, smart_paste  # noqa: F401
from .assignments import *
from .certificates import *
from .endpoints import *
from .issuances import *
from .sources import *
from .suggestion_decisions import *
from .suggestions import *
