"""
Polls CAs for many certificates: claim, request, record.

A claim is a lease: ``ari_next_check`` is set ahead, skipping rows that another worker is claiming. So several workers
share the work without duplicates, and the claims of a worker that died are polled when the lease ends. Memory does not
grow with the number of certificates: few are in flight, and responses are recorded as they arrive.
"""

import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from netbox_ssl import branching, settings
from netbox_ssl.models import Certificate

from .eligibility import directory_url, is_due_q, is_expired_q, why_not
from .fetching import Fetcher, Outcome, Query, make_client
from .host_limits import HostLimits
from .http.transport import TOTAL_SECONDS

__all__ = ('PollResult', 'check_now', 'claim', 'poll', 'record')

# Longer than any request in flight can take
LEASE = timedelta(minutes=5)
CLAIM = 200
BATCH = 100
# When to consider certificates again whose provider is switched off or has no known directory
LATER = timedelta(days=1)

# Only for the X.509 certificate that was polled: it may have been renewed meanwhile. CAs compute windows for each
# response and round them, so a difference of a minute is not a move.
RECORD = f"""
    UPDATE {Certificate._meta.db_table} AS c SET
        ari_last_checked = coalesce(v.checked_at, c.ari_last_checked),
        ari_next_check = v.next_check,
        ari_failures = v.failures,
        ari_error = CASE WHEN v.checked_at IS NULL AND v.error = '' THEN c.ari_error ELSE v.error END,
        ari_window_start = CASE WHEN v.replaces THEN v.window_start ELSE c.ari_window_start END,
        ari_window_end = CASE WHEN v.replaces THEN v.window_end ELSE c.ari_window_end END,
        ari_explanation_url = CASE WHEN v.replaces THEN v.explanation_url ELSE c.ari_explanation_url END,
        ari_previous_start = CASE
            WHEN v.window_start < c.ari_window_start - interval '1 minute'
                OR v.window_end < c.ari_window_end - interval '1 minute'
            THEN coalesce(c.ari_previous_start, c.ari_window_start) ELSE c.ari_previous_start END,
        ari_previous_end = CASE
            WHEN v.window_start < c.ari_window_start - interval '1 minute'
                OR v.window_end < c.ari_window_end - interval '1 minute'
            THEN coalesce(c.ari_previous_end, c.ari_window_end) ELSE c.ari_previous_end END
    FROM unnest(
        %s::bigint[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::int[], %s::text[], %s::boolean[],
        %s::timestamptz[], %s::timestamptz[], %s::text[]
    ) AS v(id, cert_id, checked_at, next_check, failures, error, replaces, window_start, window_end, explanation_url)
    WHERE c.id = v.id AND c.ari_cert_id = v.cert_id
    RETURNING c.id, c.ari_previous_start IS NOT NULL
"""


@dataclass
class PollResult:
    """The result of a run. ``windows``: responses with a window; ``moved``: windows among them that moved earlier."""

    checked: int = 0
    windows: int = 0
    failed: int = 0
    moved: int = 0
    # False: it stopped at its deadline, and the next run continues.
    complete: bool = True


#
# In the database
#


def claim(now, limit: int = CLAIM) -> list[Query]:
    """Claim up to ``limit`` certificates whose check is due, oldest first, until the lease ends."""
    columns = ('pk', 'ari_cert_id', 'ari_failures', 'acme_server_url', 'acme_provider')
    with transaction.atomic():
        due = Certificate.objects.filter(is_due_q(now)).order_by('ari_next_check').only(*columns)
        rows = list(due.select_for_update(skip_locked=True, no_key=True, of=('self',))[:limit])
        Certificate.objects.filter(pk__in=[row.pk for row in rows]).update(ari_next_check=now + LEASE)
    return [
        Query(row.pk, row.ari_cert_id, '' if _is_excluded(row) else directory_url(row), row.ari_failures)
        for row in rows
    ]


def _is_excluded(certificate: Certificate) -> bool:
    return bool(why_not(directory_url(certificate), certificate.acme_provider))


def record(outcomes: list[Outcome]) -> list[int]:
    """Record outcomes. Return the IDs of the certificates whose windows moved earlier."""
    rows = [
        (
            outcome.query.pk,
            outcome.query.cert_id,
            outcome.checked_at,
            outcome.next_check,
            outcome.failures,
            outcome.error,
            bool(outcome.window or outcome.unsupported),
            outcome.window and outcome.window.start,
            outcome.window and outcome.window.end,
            outcome.window.explanation_url if outcome.window else '',
        )
        # Sorted, so that two writers of the same rows do not wait for each other
        for outcome in sorted(outcomes, key=lambda outcome: outcome.query.pk)
    ]
    if not rows:
        return []
    # The connection of the branch if the button was pressed in one
    with branching.connection().cursor() as cursor:
        cursor.execute(RECORD, [list(column) for column in zip(*rows, strict=True)])
        return [pk for pk, moved in cursor.fetchall() if moved]


def retire_expired(now) -> None:
    """Stop polling expired certificates (RFC 9773, section 4.3)."""
    Certificate.objects.filter(is_expired_q(now)).update(ari_next_check=None)


#
# Many
#


def poll(
    *,
    seconds: float | None = None,
    fetcher: Fetcher | None = None,
    concurrency: int | None = None,
    clock=timezone.now,
    after_batch: Callable[[PollResult, list[int]], None] | None = None,
) -> PollResult:
    """
    Poll all certificates whose check is due.

    Args:
        seconds: after this time, nothing more is claimed
        fetcher: makes the requests; by default with NetBox's proxies and the limits of the settings
        concurrency: requests in flight; by default as in the settings
        clock: returns an aware datetime
        after_batch: called with the result so far, and the IDs of certificates whose windows have just moved earlier
    """
    concurrency = concurrency or settings.ari().concurrency
    client = None
    if fetcher is None:
        client = make_client()
        fetcher = Fetcher(client, HostLimits(settings.ari().requests_per_second), clock)
    retire_expired(clock())
    run = _Run(fetcher, clock, after_batch)
    executor = ThreadPoolExecutor(concurrency, thread_name_prefix='netbox_ssl ari')
    try:
        run.go(executor, concurrency, None if seconds is None else time.monotonic() + seconds)
    finally:
        # Requests that have not ended by now have timed out; they are repeated when their lease ends.
        executor.shutdown(wait=False, cancel_futures=True)
        if client is not None:
            client.close()
    return run.result


class _Run:
    def __init__(self, fetcher: Fetcher, clock, after_batch):
        self.result = PollResult()
        self._fetcher = fetcher
        self._clock = clock
        self._after_batch = after_batch
        self._answers = queue.SimpleQueue()
        self._in_flight = 0

    def go(self, executor, concurrency: int, deadline: float | None) -> None:
        more = True
        waiting: list[Outcome] = []
        patience = time.monotonic() + 2 * TOTAL_SECONDS
        while more or self._in_flight:
            if more and deadline is not None and time.monotonic() >= deadline:
                more, self.result.complete = False, False
            if more and self._in_flight <= concurrency:
                queries = claim(self._clock())
                more = bool(queries)
                waiting += self._submit(executor, queries)
            if self._in_flight:
                waiting += self._collect()
                if waiting:
                    patience = time.monotonic() + 3 * TOTAL_SECONDS
                elif time.monotonic() > patience:
                    # For example, a name server that does not respond; nothing else takes this long.
                    break
            if len(waiting) >= BATCH or not self._in_flight:
                self._record(waiting)
                waiting = []
        self._record(waiting)

    def _submit(self, executor, queries: list[Query]) -> list[Outcome]:
        """Submit requests. Return the outcomes of queries without a known directory."""
        settled = []
        for query in queries:
            if query.directory_url:
                self._in_flight += 1
                executor.submit(self._fetch, query)
            else:
                settled.append(Outcome(query, self._clock() + LATER))
        return settled

    def _fetch(self, query: Query) -> None:
        # Runs in a thread. The run must get an outcome in any case.
        try:
            self._answers.put(self._fetcher.fetch(query))
        except BaseException as error:
            self._answers.put(error)

    def _collect(self) -> list[Outcome]:
        """Return the outcomes that have arrived; wait a moment for the first one."""
        answers = []
        try:
            answers.append(self._answers.get(timeout=0.5))
            while len(answers) < BATCH:
                answers.append(self._answers.get_nowait())
        except queue.Empty:
            pass
        self._in_flight -= len(answers)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return answers

    def _record(self, outcomes: list[Outcome]) -> None:
        moved = record(outcomes)
        for outcome in outcomes:
            self.result.checked += outcome.checked_at is not None
            self.result.windows += outcome.window is not None
            self.result.failed += bool(outcome.error)
        self.result.moved += len(moved)
        if outcomes and self._after_batch is not None:
            self._after_batch(self.result, moved)


#
# One
#


def check_now(certificate: Certificate) -> Outcome:
    """Poll one certificate, whether or not its check is due, and record the response."""
    now = timezone.now()
    Certificate.objects.filter(pk=certificate.pk).update(ari_next_check=now + LEASE)
    client = make_client()
    try:
        fetcher = Fetcher(client, HostLimits(settings.ari().requests_per_second))
        outcome = fetcher.fetch(
            Query(certificate.pk, certificate.ari_cert_id, directory_url(certificate), certificate.ari_failures)
        )
    finally:
        client.close()
    record([outcome])
    return outcome
