"""Hyperparameters of a program: a learning rate times its update, and new constants.

The learning rate multiplies the update that the program returns, not the schedule value that it
reads. It means the same for every program, also for one that ignores the schedule or clips by it. A
weight decay within the update keeps its proportion to the rest.
"""

import dataclasses

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.step import multiply_step


@dataclasses.dataclass(frozen=True)
class Tuning:
    """Values of the hyperparameters of a program.

    Attributes:
        learning_rate: the factor of its update.
        constants: its numbers, in the order of `constants_of`.
    """

    learning_rate: float
    constants: tuple[float, ...]


def untuned(program: Program, learning_rate: float = 1.0) -> Tuning:
    """Return a program's own constants with a learning rate."""
    return Tuning(learning_rate, constants_of(program))


def apply_tuning(program: Program, tuning: Tuning) -> Program:
    """Return the tuned program, which is `program` itself if nothing changes.

    Args:
        program: to tune.
        tuning: with as many constants as `program` has.
    """
    constants = dict(zip(constants_of(program), tuning.constants, strict=True))
    return multiply_step(replace_constants(program, constants), tuning.learning_rate)
