"""Settings of hypothesis for random histories of reports, of which each takes a second."""

import os

from hypothesis import HealthCheck, settings

__all__ = ('examples',)

# How many times the usual number of examples to try: NETBOX_SSL_EXAMPLES=50 make test ARGS="-n 0 -k histor"
TIMES = int(os.environ.get('NETBOX_SSL_EXAMPLES', '1'))


def examples(number: int) -> settings:
    """Return settings for ``number`` examples, always the same ones."""
    return settings(
        max_examples=number * TIMES,
        deadline=None,
        derandomize=True,
        suppress_health_check=[HealthCheck.too_slow],
        database=None,
    )
