"""Interleaved timing: alternatives run in rotation, so background load affects all equally."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping


def time_interleaved(
    runs: Mapping[str, Callable[[], object]],
    *,
    num_rounds: int,
    total_seconds: float = 0.0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Return the seconds of each alternative in every round; each round begins with the next one.

    Args:
        runs: alternatives by name.
        num_rounds: least number of rounds.
        total_seconds: least time of all rounds together.
        clock: clock in seconds; by default the processor time of this process.
    """
    seconds = defaultdict(list)
    names = list(runs)
    total = number = 0
    while number < num_rounds or total < total_seconds:
        start = number % len(names)
        for name in names[start:] + names[:start]:
            begin = clock()
            runs[name]()
            seconds[name].append(clock() - begin)
            total += seconds[name][-1]
        number += 1
    return dict(seconds)
