"""The kinds of states: a state that is one number at every step needs no array.

States start as zeros, so each may be one number until a step makes it more. Abstract execution
over kinds widens them until nothing changes.
"""

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Const, Program, Var


def narrow_states(program: Program, narrowest: Kind = Kind.SCALAR) -> tuple[Kind, ...]:
    """Return the narrowest kind that holds each state at every step.

    A reduction counts the numbers of its argument. A state behind that argument is an array, so
    that the argument is as wide as the language says.

    Args:
        program: a valid program.
        narrowest: least kind to return.

    Returns:
        One kind for each of `program.states`.
    """
    kinds = dict.fromkeys(program.states, narrowest)
    while True:
        wider = _widen(program, kinds)
        if wider == kinds:
            return tuple(kinds.values())
        kinds = wider


def _widen(program: Program, states: dict[str, Kind]) -> dict[str, Kind]:
    """Return wider kinds of states, or the same if a step keeps all of them."""
    inputs = dict.fromkeys(program.inputs, Kind.TREE) | {program.schedule: Kind.SCALAR}
    # The kinds under the assumption, the kinds of the language, and the states behind each value.
    narrow, wide = inputs | states, dict(inputs)
    sources = {name: {name} & set(states) for name in program.inputs}
    widened = dict(states)

    def kind(arg: Var | Const, kinds: dict[str, Kind]) -> Kind:
        return kinds[arg.name] if isinstance(arg, Var) else Kind.SCALAR

    for statement in program.statements:
        op, read = OPS[statement.op], [arg for arg in statement.args if isinstance(arg, Var)]
        if op.reduces:
            for arg in read:
                if narrow[arg.name] is not wide[arg.name]:
                    widened.update(dict.fromkeys(sources[arg.name], Kind.TREE))
        sources[statement.target] = set().union(*(sources[arg.name] for arg in read))
        for kinds in (narrow, wide):
            kinds[statement.target] = op.infer(*(kind(arg, kinds) for arg in statement.args))
    for name, output in zip(states, program.outputs[1:], strict=True):
        widened[name] = max(widened[name], kind(output, narrow))
    return widened
