"""Which statements and which states matter: abstract execution, last statement first.

Within one step, a statement matters if some output depends on it. Across steps, a state matters
only if the update depends on it, now or through a later step; a state that is overwritten before
it is read is dead, and so is what feeds only it.
"""

import dataclasses
from collections.abc import Iterable

from lionhunt.dsl.program import Arg, Program, Var


@dataclasses.dataclass(frozen=True, slots=True)
class Liveness:
    """What matters in a program.

    Attributes:
        needed: for each statement, whether the update of this or a later step depends on it.
        needed_within_step: for each statement, whether some output of its own step does.
        live_states: for each state variable, whether the update of some later step depends on it.
    """

    needed: tuple[bool, ...]
    needed_within_step: tuple[bool, ...]
    live_states: tuple[bool, ...]


def analyse(program: Program) -> Liveness:
    """Tells what matters in a valid program."""
    within_step, _ = _walk_back(program, program.outputs)
    needed, states = live(program)
    return Liveness(
        tuple(needed), tuple(within_step), tuple(name in states for name in program.states)
    )


def live(program: Program) -> tuple[list[bool], set[str]]:
    """The statements needed across steps, and the names of the live states.

    Starts from the update alone and adds states until none is read that is not kept.
    """
    states: set[str] = set()
    next_states = dict(zip(program.states, program.outputs[1:], strict=True))
    while True:
        kept = [program.outputs[0], *(next_states[name] for name in states)]
        needed, read = _walk_back(program, kept)
        found = next_states.keys() & read - states
        if not found:
            return needed, states
        states |= found


def _walk_back(program: Program, outputs: Iterable[Arg]) -> tuple[list[bool], set[str]]:
    """The statements that `outputs` depend on, and the inputs they read."""
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
    """Returns the program without what does not matter; its updates stay the same, bit for bit.

    Args:
        program: a valid program.
        across_steps: also drop dead states, and what feeds only them. False is the paper's own
            analysis, which keeps whatever some output depends on, and every state.
    """
    liveness = analyse(program)
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
