"""Edits of single statements. Each returns a new program and leaves the old one unchanged."""

from lionhunt.dsl.program import Arg, Program, Statement


def insert(program: Program, index: int, statement: Statement) -> Program:
    """Insert `statement` before statement `index`; at the end if `index` is their number."""
    statements = program.statements
    return _with(program, (*statements[:index], statement, *statements[index:]))


def delete(program: Program, index: int) -> Program:
    """Remove statement `index`."""
    return _with(program, program.statements[:index] + program.statements[index + 1 :])


def repeat(program: Program, start: int, stop: int) -> Program:
    """Insert a copy of statements `start` to `stop - 1` after them."""
    statements = program.statements
    return _with(program, (*statements[:stop], *statements[start:stop], *statements[stop:]))


def replace_argument(program: Program, index: int, position: int, arg: Arg) -> Program:
    """Replace one argument of statement `index` by `arg`."""
    old = program.statements[index]
    args = (*old.args[:position], arg, *old.args[position + 1 :])
    new = Statement(old.target, old.op, args)
    return _with(program, (*program.statements[:index], new, *program.statements[index + 1 :]))


def free_name(name: str, program: Program) -> str:
    """Return a name that the program does not use: `name`, or `name` with underscores added."""
    taken = {*program.inputs, *(statement.target for statement in program.statements)}
    while name in taken:
        name += "_"
    return name


def _with(program: Program, statements: tuple[Statement, ...]) -> Program:
    return Program(program.inputs, statements, program.outputs)
