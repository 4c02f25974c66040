"""Tuning a program: its update times a learning rate, and its constants changed.

The learning rate multiplies the update that the program returns, and not the schedule value that it
reads: so it means the same for every program, also for one that ignores the schedule or clips by
it, and a weight decay within the update keeps its proportion to the rest.
"""

import dataclasses
import random
from collections.abc import Sequence

from dsl.constants import constants_of, replace_constants
from dsl.program import Const, Program, Statement, Var
from search.mutation import scale, shortest


@dataclasses.dataclass(frozen=True)
class Tuning:
    """How a program is changed without touching its form.

    Attributes:
        learning_rate: multiplies its update.
        constants: its numbers, in the order of `constants_of`.
    """

    learning_rate: float
    constants: tuple[float, ...]


def untuned(program: Program, learning_rate: float = 1.0) -> Tuning:
    """The program as it is, but for a learning rate."""
    return Tuning(learning_rate, constants_of(program))


def apply_tuning(program: Program, tuning: Tuning) -> Program:
    """The changed program; the same if nothing is changed.

    Args:
        program: as it is.
        tuning: with as many constants as it has.
    """
    constants = dict(zip(constants_of(program), tuning.constants, strict=True))
    program = replace_constants(program, constants)
    if tuning.learning_rate != 1.0:
        name = _free_name("scaled_update", program)
        factor = Const(tuning.learning_rate)
        update, *states = program.outputs
        scaling = Statement(name, "multiply", (update, factor))
        statements = (*program.statements, scaling)
        program = Program(program.inputs, statements, (Var(name), *states))
    return program


def sweep(start: Tuning, learning_rates: Sequence[float]) -> list[Tuning]:
    """The first trials: the learning rate that a tuning begins with, times each of these."""
    return [
        dataclasses.replace(start, learning_rate=_product(start.learning_rate, factor))
        for factor in learning_rates
    ]


def vary(best: Tuning, num_trials: int, seed: int, fingerprint: str) -> list[Tuning]:
    """The trials after these: in each, one number of the best tuning so far times 2^a, a ~ N(0, 1).

    The learning rate is one of the numbers. A trial depends on the seed, the program and its own
    number, and on nothing else.

    Args:
        best: of the trials before.
        num_trials: trials.
        seed: of the selection.
        fingerprint: of the program as it is.
    """
    return [_vary(best, random.Random(f"{seed} {fingerprint} {i}")) for i in range(num_trials)]


def _vary(best: Tuning, rng: random.Random) -> Tuning:
    numbers = [best.learning_rate, *best.constants]
    place = rng.randrange(len(numbers))
    numbers[place] = scale(Const(numbers[place]), rng).value
    return Tuning(numbers[0], tuple(numbers[1:]))


def _product(one: float, other: float) -> float:
    return one if other == 1.0 else shortest(one * other)


def _free_name(name: str, program: Program) -> str:
    taken = {*program.inputs, *(statement.target for statement in program.statements)}
    while name in taken:
        name += "_"
    return name
