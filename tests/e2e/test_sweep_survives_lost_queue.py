"""The queue is lost while the worker is running: sweeps continue within two minutes."""

import time

import pytest

from tests.support.sweeps import wait_for_sweep, waiting

pytestmark = pytest.mark.waits
LOSE_QUEUE = """
import django_rq
django_rq.get_connection('default').flushdb()
"""


def test_sweeps_continue_after_the_queue_is_lost(one_worker, api):
    stack = one_worker
    stack.manage(LOSE_QUEUE)
    wait_for_sweep(stack, api, time.time(), 'a sweep after the queue was lost')
    assert waiting(stack) <= 1
