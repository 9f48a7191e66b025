"""Timing, and tables of it."""

import statistics
import time
from collections.abc import Callable, Sequence


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(rounds: int, **works: Callable[[int], object]) -> dict[str, list[float]]:
    """Seconds of each of ``works`` (called with the number of the round), in turn, so that noise hits all alike."""
    times = {name: [] for name in works}
    for number in range(rounds):
        for name, work in works.items():
            times[name].append(seconds(lambda work=work, number=number: work(number)))
    return times


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """As Markdown."""
    print('| ' + ' | '.join(header) + ' |')
    print('|' + '---|' * len(header))
    for row in rows:
        print('| ' + ' | '.join(str(cell) for cell in row) + ' |', flush=True)
