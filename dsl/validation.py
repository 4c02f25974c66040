"""Abstract execution over kinds: checks that a program can run."""

from collections.abc import Mapping
from typing import Any

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS, per_table
from lionhunt.dsl.program import InvalidProgram, Program, Var


@per_table
def _rules(ops: Mapping[str, Op]) -> dict[str, Any]:
    return {op.name: (op.infer, op.arity, op.scalar_argument) for op in ops.values()}


def infer(program: Program) -> tuple[Kind, ...]:
    """Return the kind of each statement's result.

    Raises:
        InvalidProgram: a variable is read before it is assigned, a function is unknown or gets the
            wrong number of arguments, a tree stands where a scalar is required, or inputs and
            outputs do not match.
    """
    kinds = input_kinds(program)
    results = advance(kinds, program, 0, len(program.statements))
    check_outputs(kinds, program)
    return tuple(results)


def known_kinds(program: Program) -> tuple[Kind, ...]:
    """Return the kind of each result of a valid program; it is inferred at the first call."""
    if program.kinds is None:
        remember_kinds(program, infer(program))
    assert program.kinds is not None
    return program.kinds


def remember_kinds(program: Program, kinds: tuple[Kind, ...]) -> None:
    """Keep the kinds of the results with a valid program, for its children."""
    object.__setattr__(program, "kinds", kinds)


def input_kinds(program: Program) -> dict[str, Kind]:
    """Return the kinds of the inputs, by name; raise `InvalidProgram` if they do not fit."""
    kinds = dict.fromkeys(program.inputs, Kind.TREE)
    if len(program.inputs) < 3 or len(kinds) != len(program.inputs):
        end = len(program.statements)
        raise InvalidProgram("inputs are weights, gradient, states, schedule", program, end)
    kinds[program.schedule] = Kind.SCALAR
    return kinds


def advance(kinds: dict[str, Kind], program: Program, start: int, stop: int) -> list[Kind]:
    """Advance the kinds of the variables from statement `start` to statement `stop`.

    Args:
        kinds: of the variables before statement `start`; updated in place.
        program: the program.
        start, stop: numbers of statements.

    Returns:
        The kinds of the results of these statements.

    Raises:
        InvalidProgram: one of them cannot run.
    """
    results = []
    scalar_kind, rules = Kind.SCALAR, _rules()
    for statement in program.statements[start:stop]:
        args = statement.args
        try:
            kind_rule, arity, scalar = rules[statement.op]
            arg_kinds = [kinds[a.name] if isinstance(a, Var) else scalar_kind for a in args]
        except KeyError as error:
            raise _unknown_word(error.args[0], program, start + len(results)) from None
        if len(args) != arity:
            reason = f"{statement.op} takes {arity} arguments, got {len(args)}"
            raise InvalidProgram(reason, program, start + len(results))
        if scalar is not None and arg_kinds[scalar] is not scalar_kind:
            reason = (
                f"argument {scalar + 1} of {statement.op} must be a scalar, "
                f"not {arg_kinds[scalar].name.lower().replace('_', ' ')}"
            )
            raise InvalidProgram(reason, program, start + len(results))
        kinds[statement.target] = kind = kind_rule(*arg_kinds)
        results.append(kind)
    return results


def _unknown_word(word: str, program: Program, index: int) -> InvalidProgram:
    """Return the error of an unknown function or variable of a statement."""
    if program.statements[index].op not in OPS:
        word = program.statements[index].op
        return InvalidProgram(f"unknown function '{word}'", program, index)
    return InvalidProgram(f"{word} is read before assignment", program, index)


def check_outputs(kinds: dict[str, Kind], program: Program) -> None:
    """Raise `InvalidProgram` if the outputs do not fit the variables at the end."""
    end = len(program.statements)
    if len(program.outputs) != len(program.inputs) - 2:
        raise InvalidProgram("outputs are the update and every state, in order", program, end)
    for output in program.outputs:
        if isinstance(output, Var) and output.name not in kinds:
            raise InvalidProgram(f"{output.name} is returned but never assigned", program, end)
