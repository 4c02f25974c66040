"""Step of a program: its last statements, which multiply a direction by the learning rate.

Where the step is outside, mutations leave these statements alone. The statements before them do
not read the schedule. So the learning rate and the weight decay of every program have their meaning
by construction.
"""

from contextlib import suppress
from typing import NamedTuple

from lionhunt.dsl.edits.statements import free_name
from lionhunt.dsl.float32 import LARGEST, SMALLEST_NORMAL, shortest
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.search.errors import ConfigError


class Step(NamedTuple):
    """The protected end of the programs of a search.

    Attributes:
        num_statements: statements of the step, the last ones.
        unread: variables that the statements before may not read.
        unassigned: variables that they may not assign.
    """

    num_statements: int = 0
    unread: frozenset[str] = frozenset()
    unassigned: frozenset[str] = frozenset()


INSIDE = Step()
"""No step: mutations change every statement."""


def find_step(program: Program) -> Step:
    """Return the step with which a program ends.

    The last statement is `update = update * lr`. Before it may stand, in this order, decoupled
    weight decay, `wd = w * 0.01` and `update = update + wd`, and a peak, `lr = lr * 0.001`. Names
    and numbers are free.

    Raises:
        ConfigError: the program ends otherwise, or its direction reads the schedule.

    Example:
        >>> from lionhunt.dsl import library
        >>> find_step(library.load("adamw_initial")).num_statements
        4
    """
    weights, schedule = program.weights, program.schedule
    rest = list(program.statements)
    direction = _other_factor(rest, program.outputs[0], Var(schedule))
    if direction is None:
        raise _error(program, f"does not end with `update = update * {schedule}`")
    if rest and rest[-1].target == schedule and _is_multiple(rest[-1], schedule):
        rest.pop()
    has_decay = _drop_decay(rest, direction, weights)
    if any(Var(schedule) in statement.args for statement in rest):
        raise _error(program, f"reads {schedule} before its step")
    fixed = {schedule, weights} if has_decay else {schedule}
    if fixed.intersection(statement.target for statement in rest):
        raise _error(program, f"assigns {schedule} or {weights} before its step")
    step = program.statements[len(rest) :]
    set_late = {Var(statement.target) for statement in step} | {Var(schedule)}
    if set_late.intersection(program.outputs[1:]):
        raise _error(program, "keeps a part of its step as a state")
    return Step(len(step), frozenset({schedule}), frozenset(fixed))


def multiply_step(program: Program, multiple: float) -> Program:
    """Return a program whose update is a multiple of this one's; for 1, the program itself.

    A program that ends in a step has its peak multiplied. The update of any other program is
    multiplied at its end. For a power of two, the result is to the bit the multiple.

    Example:
        >>> from lionhunt.dsl import library
        >>> multiply_step(library.load("adamw_initial"), 0.5).statements[-2]
        Statement(target='lr', op='multiply', args=(Var(name='lr'), Const(value=0.0005)))
    """
    if multiple == 1.0:
        return program
    with suppress(ConfigError):
        find_step(program)
        *statements, last = program.statements
        peak = multiple
        if statements and statements[-1].target == program.schedule:
            (constant,) = (arg for arg in statements.pop().args if isinstance(arg, Const))
            peak *= constant.value
        # Other peaks would lose digits.
        if SMALLEST_NORMAL <= abs(peak) <= LARGEST:
            schedule = Var(program.schedule)
            product = Statement(schedule.name, "multiply", (schedule, Const(shortest(peak))))
            return Program(program.inputs, (*statements, product, last), program.outputs)
    update, *states = program.outputs
    name = free_name("scaled_update", program)
    scaling = Statement(name, "multiply", (update, Const(multiple)))
    return Program(program.inputs, (*program.statements, scaling), (Var(name), *states))


def _other_factor(rest: list[Statement], result: object, factor: Var) -> object | None:
    """Take `result = x * factor` off the end and return x; None if the end is otherwise."""
    if not rest or Var(rest[-1].target) != result or rest[-1].op != "multiply":
        return None
    args = rest[-1].args
    if factor not in args:
        return None
    rest.pop()
    return args[1] if args[0] == factor else args[0]


def _is_multiple(statement: Statement, name: str) -> bool:
    """Return whether a statement multiplies a variable by a constant."""
    is_product = statement.op == "multiply" and Var(name) in statement.args
    return is_product and any(isinstance(arg, Const) for arg in statement.args)


def _drop_decay(rest: list[Statement], total: object, weights: str) -> bool:
    """Take `decay = w * c` and `total = x + decay` off the end, if they are there."""
    if len(rest) < 2 or Var(rest[-1].target) != total or rest[-1].op != "add":
        return False
    decay, addition = rest[-2:]
    if not _is_multiple(decay, weights) or Var(decay.target) not in addition.args:
        return False
    del rest[-2:]
    return True


def _error(program: Program, fault: str) -> ConfigError:
    return ConfigError(
        f'initial: the program {fault}, which step = "outside" in [space] needs; end it with '
        f"`update = update * {program.schedule}`, read {program.schedule} nowhere else, or set "
        'step = "inside"'
    )
