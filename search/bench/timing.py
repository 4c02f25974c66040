"""Times of things that are compared: in turn, so that whatever else the machine does hits all."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping


def in_turn(
    runs: Mapping[str, Callable[[], object]],
    *,
    num_rounds: int,
    total_seconds: float = 0.0,
    clock: Callable[[], float] = time.process_time,
) -> dict[str, list[float]]:
    """Seconds of each in every round; who begins moves on from round to round.

    Args:
        runs: what is timed, by name.
        num_rounds: of each, at least.
        total_seconds: there are more rounds until all took so long together.
        clock: by default the processor time of this process.
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
