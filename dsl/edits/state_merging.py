"""States that hold equal values at every step are one state."""

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.terms import Term, substitute, to_program, to_term, variable


def merge_equal_states(program: Program) -> Program:
    """Returns the program with one state for each class of equal ones; itself if there are none.

    All states start as zeros. As in the minimization of automata, they are one class until their
    next values tell them apart.

    Args:
        program: a valid program.
    """
    root = to_term(program)
    states = [variable(name, Kind.TREE) for name in program.states]
    first_of = {state: states[0] for state in states}
    while True:
        next_values = substitute(root, first_of).args[1:]
        tellers: dict[tuple[Term, Term], Term] = {}
        refined = {
            state: tellers.setdefault((first_of[state], value), state)
            for state, value in zip(states, next_values, strict=True)
        }
        if refined == first_of:
            break
        first_of = refined
    if len(set(first_of.values())) == len(states):
        return program
    return simplify(to_program(substitute(root, first_of), program))
