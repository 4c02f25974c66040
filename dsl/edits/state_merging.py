"""The merging of states that hold equal values at every step."""

from lionhunt.dsl.analysis.equal_states import partition_states
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.terms import Term, substitute, to_program, to_term, variable


def merge_equal_states(program: Program) -> Program:
    """Return a valid program with one state for each class of equal states.

    The result is the program itself if no states are equal.
    """
    root = to_term(program)
    states = [variable(name, Kind.TREE) for name in program.states]

    def next_values(class_of: dict[Term, int]) -> dict[Term, Term]:
        merged = substitute(root, {state: states[number] for state, number in class_of.items()})
        return dict(zip(states, merged.args[1:], strict=True))

    class_of = partition_states(states, next_values)
    first_of: dict[int, Term] = {}
    for state, number in class_of.items():
        first_of.setdefault(number, state)
    if len(first_of) == len(states):
        return program
    kept = {state: first_of[number] for state, number in class_of.items()}
    return simplify(to_program(substitute(root, kept), program))
