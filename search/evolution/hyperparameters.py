"""Tuning a program: its update times a learning rate, and its constants changed.

The learning rate multiplies the update that the program returns, and not the schedule value that it
reads: so it means the same for every program, also for one that ignores the schedule or clips by
it, and a weight decay within the update keeps its proportion to the rest.
"""

import dataclasses

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.program import Const, Program, Statement, Var


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


def _free_name(name: str, program: Program) -> str:
    taken = {*program.inputs, *(statement.target for statement in program.statements)}
    while name in taken:
        name += "_"
    return name
