"""Liveness: abstract execution from the last statement to the first.

Within one step, a statement is live if some output depends on it. Across steps, a state is live
only if an update depends on it, of this or of a later step. A state that is overwritten before it
is read is dead, and so are the statements that feed it alone.
"""

import dataclasses
from collections.abc import Iterable

from lionhunt.dsl.program import Arg, Program, Var


@dataclasses.dataclass(frozen=True, slots=True)
class Liveness:
    """The live parts of a program.

    Attributes:
        needed: for each statement, whether the update of this or a later step depends on it.
        needed_within_step: for each statement, whether some output of the same step does.
        live_states: for each state variable, whether the update of some later step depends on it.
    """

    needed: tuple[bool, ...]
    needed_within_step: tuple[bool, ...]
    live_states: tuple[bool, ...]


def find_liveness(program: Program) -> Liveness:
    """Find the live parts of a valid program."""
    within_step, _ = walk_back(program, program.outputs)
    needed, states = find_live(program)
    return Liveness(
        tuple(needed), tuple(within_step), tuple(name in states for name in program.states)
    )


def find_live(program: Program) -> tuple[list[bool], set[str]]:
    """Return which statements are needed across steps, and the names of the live states.

    The search starts from the update alone, and adds states until every state that is read is kept.
    """
    states: set[str] = set()
    next_states = dict(zip(program.states, program.outputs[1:], strict=True))
    while True:
        kept = [program.outputs[0], *(next_states[name] for name in states)]
        needed, read = walk_back(program, kept)
        added = next_states.keys() & read - states
        if not added:
            return needed, states
        states |= added


def read_inputs(program: Program) -> set[str]:
    """Return the names of the inputs that the outputs of a valid program depend on."""
    return walk_back(program, program.outputs)[1]


def walk_back(program: Program, outputs: Iterable[Arg]) -> tuple[list[bool], set[str]]:
    """Return which statements `outputs` depend on, and the inputs that these read."""
    wanted = {output.name for output in outputs if isinstance(output, Var)}
    needed = [False] * len(program.statements)
    for index in range(len(needed) - 1, -1, -1):
        statement = program.statements[index]
        if statement.target in wanted:
            needed[index] = True
            wanted.remove(statement.target)
            for arg in statement.args:
                if isinstance(arg, Var):
                    wanted.add(arg.name)
    return needed, wanted


def simplify(program: Program, *, across_steps: bool = True) -> Program:
    """Remove redundant statements and dead states; the updates stay the same, bit for bit.

    Args:
        program: a valid program.
        across_steps: also drop dead states and their statements. False is the analysis of the
            paper, which keeps every state and all that some output depends on.
    """
    liveness = find_liveness(program)
    needed = liveness.needed if across_steps else liveness.needed_within_step
    statements = tuple(
        statement for statement, keep in zip(program.statements, needed, strict=True) if keep
    )
    if not across_steps:
        return dataclasses.replace(program, statements=statements)
    states = zip(program.states, program.outputs[1:], liveness.live_states, strict=True)
    kept = [(name, output) for name, output, is_live in states if is_live]
    return Program(
        (program.weights, program.gradient, *(name for name, _ in kept), program.schedule),
        statements,
        (program.outputs[0], *(output for _, output in kept)),
    )
