"""Hyperparameters of a program: a learning rate times its update, and new constants.

The learning rate multiplies the update that the program returns, not the schedule value that it
reads. It means the same for every program, also for one that ignores the schedule or clips by it. A
weight decay within the update keeps its proportion to the rest.
"""

import dataclasses

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.edits.statements import free_name
from lionhunt.dsl.program import Const, Program, Statement, Var


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
    program = replace_constants(program, constants)
    if tuning.learning_rate != 1.0:
        name = free_name("scaled_update", program)
        factor = Const(tuning.learning_rate)
        update, *states = program.outputs
        scaling = Statement(name, "multiply", (update, factor))
        statements = (*program.statements, scaling)
        program = Program(program.inputs, statements, (Var(name), *states))
    return program
