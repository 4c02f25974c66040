"""Whether a program is a known one up to constants, held to the letter: with the constants of the
known one in their places its polynomial normal form is that of the known one."""

import itertools
from collections.abc import Iterator, Mapping

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.polynomials.normal_form import normal_forms
from lionhunt.dsl.rewriting.terms import OUTPUTS, Term, make, substitute, to_term, variable

MAX_TRIALS = 2_000
"""Ways to match constants and states that are tried; a trial takes about a millisecond."""


def match_constants(program: Program, known: Program) -> Mapping[float, float | None] | None:
    """The constant of `known` for each one of `program`, or None where it has none there.

    A constant that `known` lacks, such as a peak learning rate, is 1 there.

    Args:
        program: a valid program.
        known: one with as many states.

    Returns:
        The first of the ways to match, in the order of the constants, that makes the programs
        equal; None if none does.
    """
    if len(program.states) != len(known.states):
        return None
    goal = normal_forms(to_term(known))
    matches = _matches(constants_of(program), constants_of(known))
    roots = _renamed(program, known)
    ways = itertools.product(matches, roots)
    for match, order in itertools.islice(ways, MAX_TRIALS):
        numbers = {mine: 1.0 if theirs is None else theirs for mine, theirs in match.items()}
        changed = to_term(replace_constants(program, numbers))
        if normal_forms(_reordered(changed, order)) == goal:
            return match
    return None


def _matches(
    mine: tuple[float, ...], theirs: tuple[float, ...]
) -> Iterator[dict[float, float | None]]:
    """Every way to give each of their constants to one of mine."""
    for places in itertools.permutations(range(len(mine)), len(theirs)):
        given = dict(zip(places, theirs, strict=True))
        yield {constant: given.get(place) for place, constant in enumerate(mine)}


Order = tuple[dict[Term, Term], tuple[int, ...]]
"""What the inputs of a program are in another, and the order of its outputs there."""


def _renamed(program: Program, known: Program) -> Iterator[Order]:
    """Every way to take the inputs of one program for those of the other, by position but for
    states."""
    for states in itertools.permutations(range(len(known.states))):
        names = (known.weights, known.gradient, *(known.states[i] for i in states), known.schedule)
        kinds = [Kind.TREE] * (len(names) - 1) + [Kind.SCALAR]
        inputs = {
            variable(mine, kind): variable(theirs, kind)
            for mine, theirs, kind in zip(program.inputs, names, kinds, strict=True)
        }
        yield inputs, states


def _reordered(root: Term, order: Order) -> Term:
    """The outputs over the inputs of the other program, in its order."""
    inputs, states = order
    update, *next_states = substitute(root, inputs).args
    by_place = dict(zip(states, next_states, strict=True))
    return make(OUTPUTS, update, *(by_place[i] for i in range(len(by_place))))
