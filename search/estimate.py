"""How long a run will take: what its evaluations cost, and how many it makes."""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

from proxy_tasks.train import NUM_CHUNKS
from search.cost import TaskCost, task_seconds
from search.rehearsal import Candidate, Rehearsal, makespan

GROWTH = 0.7
"""Different programs grow as this power of the children, beyond those that are rehearsed: 0.68 from
10,000 to 30,000 in a quickstart, 0.71 from there to the paper's 11 % of 300,000."""

UNCERTAINTY = 1.3
"""By what factor a run may be shorter or longer than its estimate."""


class Overheads(NamedTuple):
    """Processor time beside training; measured on 4,000 programs whose training takes nothing.

    Attributes:
        start_seconds: of the place where candidates are scored, before it compiles.
        call_seconds: of an evaluation, where it is scored.
        dispatch_seconds: of an evaluation, in the driver.
        record_seconds: of a child, in the driver.
    """

    start_seconds: float
    call_seconds: float
    dispatch_seconds: float
    record_seconds: float


IN_PROCESS = Overheads(0.0, 0.0007, 0.0, 0.0002)
BY_WORKERS = Overheads(8.0, 0.0035, 0.001, 0.0002)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a run will come to.

    Attributes:
        num_evaluations: different programs, each trained once.
        evaluation_seconds: of the initial program.
        mean_seconds: of the different programs, those that fail at once included.
        starting_seconds: until the first candidate is scored.
        searching_seconds: from then on.
    """

    num_evaluations: int
    evaluation_seconds: float
    mean_seconds: float
    starting_seconds: float
    searching_seconds: float

    @property
    def seconds(self) -> float:
        """Of the whole run."""
        return self.starting_seconds + self.searching_seconds

    def stretched(self, factor: float) -> "Estimate":
        """The same where everything takes so much longer."""
        return dataclasses.replace(
            self,
            **{
                name: value * factor
                for name, value in dataclasses.asdict(self).items()
                if name.endswith("_seconds")
            },
        )


def estimate(
    costs: Sequence[TaskCost],
    rehearsal: Rehearsal,
    *,
    num_children: int,
    num_workers: int,
    num_cores: int,
    lag: int,
) -> Estimate:
    """Puts together what evaluations cost and how many there will be.

    Args:
        costs: of the run's tasks.
        rehearsal: of its first children.
        num_children: of the whole run.
        num_workers: 0 for scoring in the driver.
        num_cores: that workers and driver share.
        lag: children that may be in flight.
    """
    overheads = BY_WORKERS if num_workers else IN_PROCESS
    seconds = [
        overheads.call_seconds + _candidate_seconds(costs, candidate)
        for candidate in rehearsal.candidates
    ]
    num_rehearsed, num_new = len(rehearsal.programs), len(seconds) - 1
    new_share = num_new / max(1, num_rehearsed)
    driver_seconds = (
        rehearsal.child_seconds + overheads.record_seconds + overheads.dispatch_seconds * new_share
    )
    work = sum(seconds[1:]) + num_rehearsed * driver_seconds
    span = makespan(
        rehearsal.programs,
        seconds.__getitem__,
        num_workers=num_workers,
        lag=lag,
        child_seconds=driver_seconds,
    )
    rest = num_children / max(1, num_rehearsed)
    growth = rest**GROWTH
    num_sizes = len({candidate.size for candidate in rehearsal.candidates})
    compiling = sum(cost.compile_seconds for cost in costs) * num_sizes
    return Estimate(
        num_evaluations=1 + round(num_new * growth),
        evaluation_seconds=seconds[0],
        mean_seconds=sum(seconds) / len(seconds),
        starting_seconds=overheads.start_seconds + compiling * max(1.0, num_workers / num_cores),
        searching_seconds=max(growth * max(span, work / num_cores), num_children * driver_seconds),
    )


def _candidate_seconds(costs: Sequence[TaskCost], candidate: Candidate) -> float:
    """Of one that trains to its end, or fails at once; what hurdles stop is not counted."""
    if candidate.fails:
        return costs[0].seconds(candidate.functions, 1 / NUM_CHUNKS)
    return task_seconds(costs, candidate.functions)


def duration(seconds: float) -> str:
    """Seconds as a person says them, to two digits."""
    for unit, length, limit in (("s", 1, 100), ("min", 60, 6000), ("h", 3600, 36 * 3600)):
        if seconds < limit:
            return f"{_two_digits(seconds / length)} {unit}"
    return f"{_two_digits(seconds / 86400)} days"


def _two_digits(value: float) -> str:
    if value <= 0:
        return "0"
    digits = max(0, 1 - math.floor(math.log10(value)))
    return f"{round(value, 1 - math.floor(math.log10(value))):,.{min(digits, 6)}f}"
