"""
NetBox's query-count baselines (``utilities.testing.query_counts``), kept with the tests of the plugin: NetBox looks for
``query_counts.json`` in a folder ``tests`` within the app, and this one would end up in the wheel.

To update it, run the tests with ``UPDATE_QUERY_COUNTS=1`` in one process.
"""

from pathlib import Path

from utilities.testing import query_counts

_original = query_counts._baseline_path


def _path(app_label):
    if app_label == 'netbox_ssl':
        return Path(__file__).with_name(query_counts.BASELINE_FILENAME)
    return _original(app_label)


query_counts._baseline_path = _path
