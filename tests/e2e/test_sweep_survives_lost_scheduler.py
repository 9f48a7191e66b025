"""The worker with RQ's scheduler is killed and another is running: sweeps continue within two minutes."""

import time

import pytest

from tests.support.sweeps import began, start_worker, wait_for_sweep, waiting

pytestmark = pytest.mark.waits


def test_sweeps_continue_with_another_worker(one_worker, api):
    stack = one_worker
    start_worker(stack)
    # The first worker has RQ's scheduler, which is killed with it.
    stack.kill_worker(stack.workers[0])
    first = wait_for_sweep(stack, api, time.time(), 'a sweep by the worker that is left')
    wait_for_sweep(stack, api, began(first) + 1, 'another sweep by the worker that is left')
    assert waiting(stack) <= 1
