"""
Pages: one module for each object (``certificates``, ``issuances``, …), and one for each page or feature of its own
(``smart_paste``, ``renewals``, ``by_name``, …). Importing the package registers the views of the models.
"""

from . import (  # noqa: F401
    ari,
    assignments,
    bulk_import,
    certificates,
    history,
    issuances,
    places,
    redetection,
    smart_paste,
    sources,
    suggestions,
)
