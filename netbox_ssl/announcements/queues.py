"""
Puts all that the event rules enqueue for a batch of announcements into RQ's queues in one go.

NetBox's actions take a new queue for each delivery, hence a new connection, and each then makes five round trips: more
time than all else together. django-rq has a setting for this, the class of its queues (``RQ['QUEUE_CLASS']``). Ours is
set when NetBox starts, and behaves like the ordinary one wherever no batch is being collected. The jobs are made by the
same code, from the same arguments. An installation that configures a queue class keeps it: with that one, and where
Redis must answer first, jobs are sent one at a time.
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

# What makes RQ ask Redis before it enqueues, or enqueue at once.
NOT_TOGETHER = ('depends_on', 'unique', 'pipeline')


class CollectingQueue(DjangoRQ):
    """RQ's queue as django-rq makes it; within ``queued_together`` what is put into it waits for the end of that."""

    def original_enqueue_call(self, *args, **kwargs) -> Job:
        # django-rq comes here when it is time to enqueue: at once, or after the commit.
        batch = _collecting.get()
        if batch is None:
            return super().original_enqueue_call(*args, **kwargs)
        if not self.is_async or any(kwargs.get(name) for name in NOT_TOGETHER):
            # What it may depend on comes before it.
            batch.send()
            return super().original_enqueue_call(*args, **kwargs)
        return batch.collect(self, args, kwargs)


class _Batch:
    """Jobs to be enqueued together, with a pipeline for each queue: a transaction of Redis, all or nothing."""

    def __init__(self):
        self.queues: dict[str, tuple[CollectingQueue, Pipeline]] = {}

    def collect(self, queue: CollectingQueue, args: tuple, kwargs: dict) -> Job:
        # Through the first queue of that name, which knows the version of Redis already.
        first, pipeline = self.queues.setdefault(queue.name, (queue, queue.connection.pipeline()))
        return super(CollectingQueue, first).original_enqueue_call(*args, **{**kwargs, 'pipeline': pipeline})

    def send(self) -> None:
        """Raises a ``RedisError`` if a queue did not confirm that it has taken its jobs; it may have taken them."""
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
    Send what is enqueued within this context at its end, in order, and then call ``when_sent``; also when an exception
    ends it, for what was announced before that is announced. Raises a ``RedisError`` if sending fails.
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
    # What a client says of itself: without it redis-py reads that from its package's files again for each client, and
    # django-rq makes one for each queue, which took longer than to enqueue.
    use_queue_class(CollectingQueue, {'driver_info': DriverInfo()})
