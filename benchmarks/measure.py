"""Timing, and tables of results."""

import statistics
import time
from collections.abc import Callable, Sequence

from benchmarks import options


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def interleaved(rounds: int, **works: Callable[[int], object]) -> dict[str, list[float]]:
    """
    Return the seconds that each of ``works`` takes in each round. They run in turn, so that noise affects all equally.

    Each of ``works`` is called with the number of the round.
    """
    times = {name: [] for name in works}
    for number in range(options.rounds(rounds)):
        for name, work in works.items():
            times[name].append(seconds(lambda work=work, number=number: work(number)))
    return times


def median(times: Sequence[float]) -> float:
    return statistics.median(times)


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a Markdown table."""
    print('| ' + ' | '.join(header) + ' |')
    print('|' + '---|' * len(header))
    for row in rows:
        print('| ' + ' | '.join(str(cell) for cell in row) + ' |', flush=True)
