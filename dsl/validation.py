"""Abstract execution over kinds: can the program run at all?"""

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import InvalidProgram, Program, Var

_RULES = {op.name: (op.infer, op.arity, op.scalar_argument) for op in OPS.values()}


def infer(program: Program) -> tuple[Kind, ...]:
    """Returns the kind of each statement's result.

    Raises:
        InvalidProgram: a variable is read before it is assigned, a function is unknown or gets the
            wrong number of arguments, a scalar is required where something else stands, or inputs
            and outputs do not match.
    """
    kinds = input_kinds(program)
    results = advance(kinds, program, 0, len(program.statements))
    check_outputs(kinds, program)
    return tuple(results)


def input_kinds(program: Program) -> dict[str, Kind]:
    """The kinds of the inputs, by name."""
    kinds = dict.fromkeys(program.inputs, Kind.TREE)
    if len(program.inputs) < 3 or len(kinds) != len(program.inputs):
        end = len(program.statements)
        raise InvalidProgram("inputs are weights, gradient, states, schedule", program, end)
    kinds[program.schedule] = Kind.SCALAR
    return kinds


def advance(kinds: dict[str, Kind], program: Program, start: int, stop: int) -> list[Kind]:
    """Takes `kinds`, of the variables before statement `start`, to those before `stop`.

    Returns:
        The kinds of the results of these statements.
    """
    results = []
    scalar_kind = Kind.SCALAR
    for statement in program.statements[start:stop]:
        args = statement.args
        try:
            kind_rule, arity, scalar = _RULES[statement.op]
            found = [kinds[a.name] if isinstance(a, Var) else scalar_kind for a in args]
        except KeyError as error:
            raise _error(error.args[0], program, start + len(results)) from None
        if len(args) != arity:
            reason = f"{statement.op} takes {arity} arguments, got {len(args)}"
            raise InvalidProgram(reason, program, start + len(results))
        if scalar is not None and found[scalar] is not scalar_kind:
            reason = (
                f"argument {scalar + 1} of {statement.op} must be a scalar, "
                f"not {found[scalar].name.lower().replace('_', ' ')}"
            )
            raise InvalidProgram(reason, program, start + len(results))
        kinds[statement.target] = kind = kind_rule(*found)
        results.append(kind)
    return results


def _error(word: str, program: Program, index: int) -> InvalidProgram:
    """The error of a word of a statement that means nothing."""
    if program.statements[index].op not in OPS:
        word = program.statements[index].op
        return InvalidProgram(f"unknown function '{word}'", program, index)
    return InvalidProgram(f"{word} is read before assignment", program, index)


def check_outputs(kinds: dict[str, Kind], program: Program) -> None:
    """Checks the outputs, with the kinds of all variables at the end."""
    end = len(program.statements)
    if len(program.outputs) != len(program.inputs) - 2:
        raise InvalidProgram("outputs are the update and every state, in order", program, end)
    for output in program.outputs:
        if isinstance(output, Var) and output.name not in kinds:
            raise InvalidProgram(f"{output.name} is returned but never assigned", program, end)
