"""A rehearsal of a run: its evolution with planted fitness, and the time that its workers take.

How many children are new, and what they are made of, depends on the config more than on what the
tasks say of them. So a run is bred as it will be, and only its fitness is made up.
"""

import heapq
import math
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import analyze
from lionhunt.dsl.execution.bytecode import MachineShape, assemble_canonical
from lionhunt.dsl.program import Program
from lionhunt.search.dry_run.cost_model import row_functions
from lionhunt.search.evaluation.reevaluation import Reevaluation
from lionhunt.search.evolution.methods import Method, make_breeder
from lionhunt.search.evolution.mutation import MutationSpace
from lionhunt.search.evolution.regularized import initial_individual

MAX_CHILDREN = 10_000
"""Children that are rehearsed; what comes after is extrapolated."""

FAILED_SHARE = 0.18
"""How many new programs do not train: 11 to 24 % in quickstarts, nearly all in the first chunk."""

MEAN_CHANGE, LOST_STATEMENT = -2.0, -0.3
"""Planted fitness, in units of its spread: a new program is worse than its parent on average, and
more so for each statement that it needs less than the initial program: what a run begins with is
not there for nothing."""


class RehearsedCandidate(NamedTuple):
    """A program that would be evaluated.

    Attributes:
        functions: of its statements that cost; see `search.dry_run.cost_model.row_functions`.
        fails: whether it stops at once.
        size: of its bytecode.
    """

    functions: tuple[str, ...]
    fails: bool
    size: MachineShape


class Rehearsal(NamedTuple):
    """What was bred.

    Attributes:
        candidates: every different program, in order of birth; the initial one is the first.
        programs: for every child, the number of its candidate.
        child_seconds: processor time of a child.
    """

    candidates: list[RehearsedCandidate]
    programs: list[int]
    child_seconds: float

    def first(self, num_children: int) -> "Rehearsal":
        """That of so many children, if there are as many."""
        if num_children >= len(self.programs):
            return self
        programs = self.programs[:num_children]
        num_candidates = 1 + max(programs, default=0)
        return Rehearsal(self.candidates[:num_candidates], programs, self.child_seconds)


def rehearse(
    initial: Program,
    num_children: int,
    *,
    seed: int,
    population_size: int,
    tournament_size: int,
    lag: int,
    space: MutationSpace,
    method: Method = "evolution",
    reevaluation: Reevaluation | None = None,
) -> Rehearsal:
    """Breeds the first children of a run, with planted fitness.

    Args:
        initial: the program it begins with.
        num_children: how many.
        seed, population_size, tournament_size, lag, space: as of `search.evolution.regularized.breed`.
        method: of breeding.
        reevaluation: when a program is evaluated anew: as another candidate, in this.
    """
    rng = random.Random(seed)
    first = analyze(initial)
    at_first = len(first.needed)
    start = initial_individual(0, initial)
    history = dict.fromkeys(range(population_size), start)
    identities = dict.fromkeys(range(population_size), first)
    fitness = dict.fromkeys(range(population_size), 0.0)
    bytecode = assemble_canonical(first.canonical)
    candidates = [RehearsedCandidate(row_functions(bytecode), False, bytecode.size)]
    known = {first.fingerprint: (0, 0.0)}
    num_births: Counter[str] = Counter()
    programs = []
    began = time.process_time()
    breed = make_breeder(
        method,
        initial,
        seed=seed,
        population_size=population_size,
        tournament_size=tournament_size,
        lag=lag,
        space=space,
    )
    for index in range(population_size, population_size + num_children):
        child = breed(history, fitness.__getitem__, index)
        assert child.parent is not None
        identity = analyze(child.program, identities.get(child.parent))
        if identity.fingerprint not in known:
            fails = rng.random() < FAILED_SHARE
            lost = max(0, at_first - len(identity.needed))
            change = rng.gauss(MEAN_CHANGE, 1.0) + LOST_STATEMENT * lost
            planted = -math.inf if fails else fitness.get(child.parent, 0.0) + change
            bytecode = assemble_canonical(identity.canonical)
            known[identity.fingerprint] = len(candidates), planted
            candidates.append(RehearsedCandidate(row_functions(bytecode), fails, bytecode.size))
        number, fitness[index] = known[identity.fingerprint]
        num_births[identity.fingerprint] += number > 0  # the initial program has fitness 0
        if reevaluation is not None and reevaluation.is_due(num_births[identity.fingerprint]):
            candidates.append(candidates[number])
            number = len(candidates) - 1
            known[identity.fingerprint] = number, fitness[index]
        history[index], identities[index] = child, identity
        programs.append(number)
        for remembered in (history, identities, fitness):
            remembered.pop(index - population_size - lag, None)
    seconds = time.process_time() - began
    return Rehearsal(candidates, programs, seconds / max(1, num_children))


def makespan(
    programs: Sequence[int],
    seconds: Callable[[int], float],
    *,
    num_workers: int,
    lag: int,
    child_seconds: float,
) -> float:
    """Seconds until the last child of a run has its outcome.

    A child is bred once all born `lag` before it have theirs; a new program goes to the first
    worker that is free, and the others wait for it. With no workers the driver scores.

    Args:
        programs: for every child, the number of its program; 0 is known from the start.
        seconds: of the evaluation of a program.
        num_workers: as of a config.
        lag: as of a config.
        child_seconds: of the driver, for each child.
    """
    free = [0.0] * max(1, num_workers)
    done_by = {0: 0.0}
    settled = [0.0]  # when all of the first so many children have their outcome
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
