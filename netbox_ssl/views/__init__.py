"""Pages: one module for each object or feature. Importing them registers the views of models."""

from . import (  # noqa: F401
    ari,
    assignments,
    bulk_import,
    certificates,
    history,
    places,
    redetection,
    smart_paste,
    suggestions,
)
