"""Exact matching of a program's constants with those of a known optimizer.

With the known constants in their places, the program must have the polynomial normal form of the
known optimizer.
"""

import itertools
from collections.abc import Iterator, Mapping

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.polynomials.normal_form import normal_forms
from lionhunt.dsl.rewriting.terms import OUTPUTS, Term, make, substitute, to_term, variable

MAX_TRIALS = 2_000
"""Limit on the trials of matched constants and states; a trial takes about a millisecond."""


def match_constants(program: Program, known: Program) -> Mapping[float, float | None] | None:
    """Match each constant of a program with one of a known optimizer.

    Args:
        program: valid program.
        known: known optimizer, which may have fewer constants.

    Returns:
        The constant of `known` for each constant of `program`, by the first match that makes the
        programs equal. A constant that `known` lacks, such as a peak learning rate, has None; it
        counts as 1. The whole result is None if the programs have different numbers of states, or
        if no match makes them equal.
    """
    if len(program.states) != len(known.states):
        return None
    goal = normal_forms(to_term(known))
    matches = _matches(constants_of(program), constants_of(known))
    trials = itertools.product(matches, _input_matches(program, known))
    for match, input_match in itertools.islice(trials, MAX_TRIALS):
        numbers = {old: 1.0 if new is None else new for old, new in match.items()}
        changed = to_term(replace_constants(program, numbers))
        if normal_forms(_rename_inputs(changed, input_match)) == goal:
            return match
    return None


def _matches(
    constants: tuple[float, ...], known: tuple[float, ...]
) -> Iterator[dict[float, float | None]]:
    """Yield every assignment of the known constants to different constants of the program."""
    for places in itertools.permutations(range(len(constants)), len(known)):
        by_place = dict(zip(places, known, strict=True))
        yield {constant: by_place.get(place) for place, constant in enumerate(constants)}


InputMatch = tuple[dict[Term, Term], tuple[int, ...]]
"""The known input for each input of a program, and the known place of each of its states."""


def _input_matches(program: Program, known: Program) -> Iterator[InputMatch]:
    """Yield every match of inputs: states in any order, all others by position."""
    for states in itertools.permutations(range(len(known.states))):
        names = (known.weights, known.gradient, *(known.states[i] for i in states), known.schedule)
        kinds = [Kind.TREE] * (len(names) - 1) + [Kind.SCALAR]
        inputs = {
            variable(old, kind): variable(new, kind)
            for old, new, kind in zip(program.inputs, names, kinds, strict=True)
        }
        yield inputs, states


def _rename_inputs(root: Term, input_match: InputMatch) -> Term:
    """Return a program's outputs over the known inputs, in the known order."""
    inputs, states = input_match
    update, *next_states = substitute(root, inputs).args
    by_place = dict(zip(states, next_states, strict=True))
    return make(OUTPUTS, update, *(by_place[i] for i in range(len(by_place))))
