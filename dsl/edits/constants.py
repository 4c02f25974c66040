"""The constants of a program. Equal numbers are one constant.

AdamW has the decay of a moment in two places, for example, and these have to agree.
"""

from collections.abc import Iterable, Mapping

from lionhunt.dsl.program import Arg, Const, Program, Statement


def constants_of(program: Program) -> tuple[float, ...]:
    """Return the numbers of a program in the order of their first places, without 0."""
    args: Iterable[Arg] = (arg for statement in program.statements for arg in statement.args)
    return tuple(
        dict.fromkeys(
            arg.value for arg in (*args, *program.outputs) if isinstance(arg, Const) and arg.value
        )
    )


def replace_constants(program: Program, new: Mapping[float, float]) -> Program:
    """Replace numbers in all their places; numbers that `new` does not have stay."""

    def replace(arg: Arg) -> Arg:
        return Const(new.get(arg.value, arg.value)) if isinstance(arg, Const) else arg

    statements = tuple(
        Statement(statement.target, statement.op, tuple(map(replace, statement.args)))
        for statement in program.statements
    )
    return Program(program.inputs, statements, tuple(map(replace, program.outputs)))
