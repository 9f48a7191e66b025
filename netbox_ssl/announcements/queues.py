"""
Puts all that the event rules enqueue for a batch of announcements into RQ's queues in one go.

NetBox's actions take a new queue for each delivery, hence a new connection, and each then makes five round trips: more
time than all else together. django-rq has a place for this, the class of its queues (``RQ['QUEUE_CLASS']``). Ours is
put there by the first process that announces a batch, and is the ordinary one wherever no batch is being collected. The
jobs are made by the same code, from the same arguments. An installation with a queue class of its own keeps that: with
it, and where Redis must answer first, jobs are sent one at a time.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django_rq.queues import DjangoRQ
from redis.client import Pipeline
from redis.driver_info import DriverInfo
from rq.job import Job

__all__ = ('CollectingQueue', 'queued_together')

# What makes RQ ask Redis before it enqueues, or enqueue at once.
NOT_TOGETHER = ('depends_on', 'unique', 'pipeline')

DRIVER_INFO = DriverInfo()


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
    """Jobs to be put into their queues together, for each queue a pipeline: a transaction of Redis, all or nothing."""

    def __init__(self):
        self.queues: dict[str, tuple[CollectingQueue, Pipeline]] = {}

    def collect(self, queue: CollectingQueue, args: tuple, kwargs: dict) -> Job:
        # Through the first queue of that name, which knows the version of Redis already.
        first, pipeline = self.queues.setdefault(queue.name, (queue, queue.connection.pipeline()))
        return super(CollectingQueue, first).original_enqueue_call(*args, **{**kwargs, 'pipeline': pipeline})

    def send(self) -> None:
        """Raises a ``RedisError`` if a queue did not take its jobs; it may have taken them unbeknown."""
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
    What is put into queues within is sent at the end, in order, and ``when_sent`` called then; also when an exception
    ends it, for what was told before that is told. Raises a ``RedisError`` if sending fails.
    """
    _prepare()
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


def _prepare() -> None:
    settings.RQ.setdefault('QUEUE_CLASS', CollectingQueue)
    # What a client says of itself. If not told, redis-py reads it from its package's files again for each client, and
    # django-rq makes one for each queue: that took longer than to enqueue.
    for parameters in settings.RQ_QUEUES.values():
        parameters.setdefault('REDIS_CLIENT_KWARGS', {}).setdefault('driver_info', DRIVER_INFO)
