"""
Puts all jobs that the event rules enqueue for a batch of announcements into RQ's queues in one go.

NetBox's actions create a queue for each delivery, with a new connection and five round trips, which take longer than
everything else. So the plugin sets django-rq's class of queues (``RQ['QUEUE_CLASS']``) when NetBox starts. Its class
behaves like the default one unless a batch is being collected, and creates the jobs with the same code, from the same
arguments. If the installation configures a queue class, that class is kept. Then, and if enqueueing needs a response of
Redis, jobs are sent one at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django_rq.queues import DjangoRQ
from redis.client import Pipeline
from redis.driver_info import DriverInfo
from rq.job import Job

from netbox_ssl.netbox_internals import use_queue_class

__all__ = ('CollectingQueue', 'install', 'queued_together')

# Arguments that make RQ query Redis before it enqueues, or enqueue at once
NOT_TOGETHER = ('depends_on', 'unique', 'pipeline')


class CollectingQueue(DjangoRQ):
    """django-rq's queue; jobs that are enqueued within ``queued_together()`` are sent at its end."""

    def original_enqueue_call(self, *args, **kwargs) -> Job:
        # django-rq calls this when it is time to enqueue: at once, or after the commit.
        batch = _collecting.get()
        if batch is None:
            return super().original_enqueue_call(*args, **kwargs)
        if not self.is_async or any(kwargs.get(name) for name in NOT_TOGETHER):
            # Jobs that it may depend on are sent before it.
            batch.send()
            return super().original_enqueue_call(*args, **kwargs)
        return batch.collect(self, args, kwargs)


class _Batch:
    """Jobs to be enqueued together, with a pipeline for each queue: a transaction of Redis, all or nothing."""

    def __init__(self):
        self.queues: dict[str, tuple[CollectingQueue, Pipeline]] = {}

    def collect(self, queue: CollectingQueue, args: tuple, kwargs: dict) -> Job:
        # Use the first queue of that name, which already knows the version of Redis.
        first, pipeline = self.queues.setdefault(queue.name, (queue, queue.connection.pipeline()))
        return super(CollectingQueue, first).original_enqueue_call(*args, **{**kwargs, 'pipeline': pipeline})

    def send(self) -> None:
        """Send the jobs. Raises a ``RedisError`` if a queue did not confirm its jobs; it may have received them."""
        for _, pipeline in self.queues.values():
            pipeline.execute()

    def close(self) -> None:
        for queue, pipeline in self.queues.values():
            pipeline.reset()
            queue.connection.close()


_collecting: ContextVar[_Batch | None] = ContextVar('netbox_ssl_collecting', default=None)


@contextmanager
def queued_together(when_sent: Callable[[], None]) -> Iterator[None]:
    """
    Send the jobs enqueued within this context at its end, in order, and then call ``when_sent``; also if an exception
    ends the context, because the announcements before it have been made. Raises a ``RedisError`` if sending fails.
    """
    batch = _Batch()
    token = _collecting.set(batch)
    try:
        yield
    finally:
        _collecting.reset(token)
        try:
            batch.send()
        finally:
            batch.close()
        when_sent()


def install() -> None:
    """Make ``CollectingQueue`` the class of NetBox's queues. Called once, while NetBox starts."""
    # Without the driver info, redis-py reads it from the files of its package for each client. django-rq creates a
    # client for each queue, which took longer than enqueueing.
    use_queue_class(CollectingQueue, {'driver_info': DriverInfo()})
