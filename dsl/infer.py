"""Abstract execution over kinds: can the program run at all?"""

from dsl.ops import OPS
from dsl.program import InvalidProgram, Program, Var
from dsl.types import Kind


def infer(program: Program) -> tuple[Kind, ...]:
    """Returns the kind of each statement's result.

    Raises:
        InvalidProgram: a variable is read before it is assigned, a function is unknown or gets the
            wrong number of arguments, a scalar is required where something else stands, or inputs
            and outputs do not match.
    """
    kinds = {name: Kind.TREE for name in program.inputs}
    end = len(program.statements)
    if len(program.inputs) < 3 or len(kinds) != len(program.inputs):
        raise InvalidProgram("inputs are weights, gradient, states, schedule", program, end)
    kinds[program.schedule] = Kind.SCALAR
    results = []
    for index, (target, name, args) in enumerate(
        (statement.target, statement.op, statement.args) for statement in program.statements
    ):
        op = OPS.get(name)
        if op is None:
            raise InvalidProgram(f"unknown function '{name}'", program, index)
        if len(args) != op.arity:
            raise InvalidProgram(
                f"{name} takes {op.arity} arguments, got {len(args)}", program, index
            )
        try:
            argument_kinds = [
                kinds[arg.name] if isinstance(arg, Var) else Kind.SCALAR for arg in args
            ]
        except KeyError as error:
            raise InvalidProgram(
                f"{error.args[0]} is read before assignment", program, index
            ) from None
        scalar = op.scalar_argument
        if scalar is not None and argument_kinds[scalar] is not Kind.SCALAR:
            raise InvalidProgram(
                f"argument {scalar + 1} of {name} must be a scalar, "
                f"not {argument_kinds[scalar].name.lower().replace('_', ' ')}",
                program,
                index,
            )
        kinds[target] = op.infer(*argument_kinds)
        results.append(kinds[target])
    if len(program.outputs) != len(program.inputs) - 2:
        raise InvalidProgram("outputs are the update and every state, in order", program, end)
    for output in program.outputs:
        if isinstance(output, Var) and output.name not in kinds:
            raise InvalidProgram(f"{output.name} is returned but never assigned", program, end)
    return tuple(results)
