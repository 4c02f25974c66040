"""How long a run will take: what its evaluations cost, and how many it makes."""

import dataclasses
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.proxy_tasks.training import NUM_CHUNKS
from lionhunt.search.dry_run.cost_model import TaskCost, task_seconds
from lionhunt.search.dry_run.rehearsal import Rehearsal, RehearsedCandidate, makespan

GROWTH = 0.7
"""Different programs grow as this power of the children, beyond those that are rehearsed: 0.68 from
10,000 to 30,000 in a quickstart, 0.71 from there to the paper's 11 % of 300,000."""

SAVED_BY_SLACK = ((0.1, 0.76), (0.3, 0.75), (0.5, 0.74), (0.75, 0.70), (1.0, 0.63), (2.0, 0.24))
"""What hurdles of a slack save of all training: means of three quickstarts (results/LOG.md). From
an initial program that learns less they save less: 0.49 instead of 0.70 from raw_lion."""

UNCERTAINTY = 1.3
"""By what factor a run may be shorter or longer than its estimate."""


class Overheads(NamedTuple):
    """Time beside training, in processor time but for the start; measured on quickstarts.

    Attributes:
        start_seconds: of processes, beside compiling, and of their end.
        call_seconds: of an evaluation, where it is scored.
        dispatch_seconds: of an evaluation, in the driver.
        record_seconds: of a child, in the driver.
    """

    start_seconds: float
    call_seconds: float
    dispatch_seconds: float
    record_seconds: float


IN_PROCESS = Overheads(0.0, 0.0007, 0.0, 0.0002)
BY_WORKERS = Overheads(11.0, 0.0045, 0.001, 0.0002)


@dataclasses.dataclass(frozen=True)
class Estimate:
    """What a run will come to.

    Attributes:
        num_children: that are bred.
        num_evaluations: different programs, each trained once.
        num_trainings: of these, in trainings from beginning to end.
        evaluation_seconds: of the initial program.
        mean_seconds: of the different programs, those that fail at once included.
        starting_seconds: until the first candidate is scored.
        searching_seconds: from then on.
    """

    num_children: int
    num_evaluations: int
    num_trainings: float
    evaluation_seconds: float
    mean_seconds: float
    starting_seconds: float
    searching_seconds: float

    @property
    def seconds(self) -> float:
        """Of the whole run."""
        return self.starting_seconds + self.searching_seconds

    def stretched(self, factor: float) -> "Estimate":
        """The same where all that is not measured by the wall clock takes so much longer."""
        return dataclasses.replace(
            self,
            **{
                name: value * factor
                for name, value in dataclasses.asdict(self).items()
                if name.endswith("_seconds") and name != "starting_seconds"
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
    slack: float | None = None,
    max_trainings: float = math.inf,
) -> Estimate:
    """Puts together what evaluations cost and how many there will be.

    Args:
        costs: of the run's tasks.
        rehearsal: of its first children.
        num_children: of the whole run, at most.
        num_workers: 0 for scoring in the driver.
        num_cores: that workers and driver share.
        lag: children that may be in flight.
        slack: of the run's hurdles; None for no hurdles.
        max_trainings: that end the run.
    """
    share = 1 - saved_share(slack)
    least = 1 / (NUM_CHUNKS * len(costs))
    trainings = [least if candidate.fails else share for candidate in rehearsal.candidates]
    num_children = _limited(num_children, rehearsal, trainings, max_trainings)
    rehearsal = rehearsal.first(num_children)
    overheads = BY_WORKERS if num_workers else IN_PROCESS
    seconds = [
        overheads.call_seconds + _candidate_seconds(costs, candidate, share)
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
    return Estimate(
        num_children=num_children,
        num_evaluations=1 + round(num_new * growth),
        num_trainings=trainings[0] + growth * sum(trainings[1 : 1 + num_new]),
        evaluation_seconds=task_seconds(costs, rehearsal.candidates[0].functions),
        mean_seconds=sum(seconds) / len(seconds),
        starting_seconds=overheads.start_seconds
        + num_sizes * sum(cost.compile_seconds for cost in costs),
        searching_seconds=max(growth * max(span, work / num_cores), num_children * driver_seconds),
    )


def _limited(
    num_children: int, rehearsal: Rehearsal, trainings: Sequence[float], max_trainings: float
) -> int:
    """Children until that much is trained, and at most those of the whole run.

    Args:
        num_children: of the whole run.
        rehearsal: of the first of them.
        trainings: of each of its candidates.
        max_trainings: infinite for no end.
    """
    if math.isinf(max_trainings):
        return num_children
    spent, last = trainings[0], 0
    for number, program in enumerate(rehearsal.programs):
        if program > last:  # candidates have numbers in the order in which they are first met
            last = program
            spent += trainings[program]
        if spent >= max_trainings:
            return min(num_children, number + 1)
    growth = max_trainings / spent
    return min(num_children, round(len(rehearsal.programs) * growth ** (1 / GROWTH)))


def saved_share(slack: float | None) -> float:
    """The share of training that hurdles are expected to save."""
    if slack is None:
        return 0.0
    slacks, shares = zip(*SAVED_BY_SLACK, strict=True)
    return float(np.interp(slack, (*slacks, 2 * slacks[-1]), (*shares, 0.0)))


def _candidate_seconds(
    costs: Sequence[TaskCost], candidate: RehearsedCandidate, share: float
) -> float:
    """Of one that fails at once, or trains for the share of steps that hurdles leave on average."""
    if candidate.fails:
        return costs[0].seconds(candidate.functions, 1 / NUM_CHUNKS)
    return share * task_seconds(costs, candidate.functions)
