"""Independent model of how long a pool of workers takes, as an oracle of tests."""

import heapq
from collections.abc import Callable, Sequence


def makespan(
    programs: Sequence[int],
    seconds: Callable[[int], float],
    *,
    num_workers: int,
    lag: int,
    child_seconds: float,
) -> float:
    """Return the seconds until the last child of a run has its outcome.

    The driver breeds a child once all children born `lag` before it have their outcome. A new
    program goes to the first idle worker; other children of the same program wait for it.

    Args:
        programs: number of the program of each child; 0 is done from the start.
        seconds: maps a program to the seconds of its evaluation.
        num_workers: number of workers; 0 evaluates in the driver.
        lag: lag of the run.
        child_seconds: seconds of the driver for each child.
    """
    free = [0.0] * max(1, num_workers)
    done_by = {0: 0.0}
    # Times when all children up to each one have their outcome.
    settled = [0.0]
    now = 0.0
    for index, program in enumerate(programs):
        now = max(now, settled[max(0, index - lag)]) + child_seconds
        if program not in done_by:
            done_by[program] = max(now, heapq.heappop(free)) + seconds(program)
            heapq.heappush(free, done_by[program])
            if not num_workers:
                now = done_by[program]
        settled.append(max(settled[-1], now, done_by[program]))
    return settled[-1]
