"""
NetBox's query-count baselines (``utilities.testing.query_counts``), kept with the tests of the plugin: NetBox looks for
``query_counts.json`` in a folder ``tests`` within the app, and this one would end up in the wheel.

To update it, run the tests with ``UPDATE_QUERY_COUNTS=1`` in one process. Versions of NetBox that need other numbers of
queries for pages of their own have a file of their own.
"""

from pathlib import Path

from django.conf import settings
from utilities.testing import query_counts

_original = query_counts._baseline_path


def _path(app_label):
    if app_label == 'netbox_ssl':
        usual = Path(__file__).with_name(query_counts.BASELINE_FILENAME)
        own = usual.with_stem(f'{usual.stem}-{settings.RELEASE.version}')
        return own if own.exists() else usual
    return _original(app_label)


query_counts._baseline_path = _path
