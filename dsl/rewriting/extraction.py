"""Extraction: of all that an e-graph holds equal to a program, the one that costs least.

Every class takes the function whose parts together cost least, each counted once; this is greedy,
since what two arguments could share is seen only where both already do.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.rewriting.egraph import EGraph
from lionhunt.dsl.rewriting.terms import NUMBER, Term, make_arranged

_STATEMENT, _TREE, _PER_ARRAY = 1 << 40, 1 << 24, 1 << 14
_WEIGHTS = {"reciprocal": 4, "power": 8}
"""Of two functions the simpler one, for the same number of statements; the others weigh 2."""

Place = tuple[int, bool]
"""A class, and whether it must be as wide as its kind when it is written: a number may stand for a
tree of equal numbers, but not where a reduction counts them."""


class _Choice(NamedTuple):
    """What a class is written as.

    Attributes:
        cost: of all its parts and itself, each once.
        depth: of the expression.
        term: the number of the term whose function it is.
        args: where the arguments are.
        parts: the cost of every part and of itself.
    """

    cost: int
    depth: int
    term: int
    args: tuple[Place, ...]
    parts: dict[Place, int]


def extract(graph: EGraph, root: int) -> Term:
    """The term of least cost that is known to be equal to a term; what `graph` keeps is preferred.

    The cost: fewest statements, of these fewest on whole trees, of these the simplest functions, of
    these those that were there at first.
    """
    best = _best(graph)
    place: Place = (graph.find(root), False)
    needed: set[Place] = {place}
    stack: list[Place] = [place]
    while stack:
        for arg in best[stack.pop()].args:
            if arg not in needed:
                needed.add(arg)
                stack.append(arg)
    # What must be wide in one place is so in all: it is there anyway.
    written: dict[Place, Term] = {}
    stack = [place]
    while stack:
        here = stack[-1]
        wide = (here[0], True)
        choice = best[wide if wide in needed else here]
        missing = [arg for arg in choice.args if arg not in written]
        stack.extend(missing)
        if not missing:
            stack.pop()
            term = graph.terms[choice.term]
            args = (written[arg] for arg in choice.args)
            written[here] = make_arranged(term.op, *args) if term.args else term
    return written[place]


def _best(graph: EGraph) -> dict[Place, _Choice]:
    """The best choice for every class, narrow and wide."""
    best: dict[Place, _Choice] = {}
    has_wide_numbers = any(term.kind is not Kind.SCALAR for term in graph.numbers.values())
    has_changed = True
    while has_changed:
        has_changed = False
        for found in sorted(graph.nodes):
            is_scalar = graph.terms[found].kind is Kind.SCALAR
            widths = (False,) if is_scalar or not has_wide_numbers else (False, True)
            for nodes in graph.nodes[found].values():
                for node, term_id in nodes.items():
                    term, cost = graph.terms[term_id], _cost(graph, term_id)
                    args = node if term.args else ()
                    for is_wide in widths:
                        place = (found, is_wide)
                        for places in _places(graph, term, args, is_wide, has_wide_numbers):
                            choice = _choice(best, place, term_id, cost, places)
                            if choice is not None:
                                best[place] = choice
                                has_changed = True
    return best


def _choice(
    best: dict[Place, _Choice], place: Place, term: int, cost: int, args: tuple[Place, ...]
) -> _Choice | None:
    """The choice of a function, if it is better than the one so far."""
    known = best.get(place)
    found = [best.get(arg) for arg in args]
    choices = [choice for choice in found if choice is not None]
    if len(choices) < len(found):
        return None
    depth = 1 + max((choice.depth for choice in choices), default=-1)
    least = cost + max((choice.cost for choice in choices), default=0)
    if known is not None and (known.cost, known.depth) <= (least, depth):
        return None
    parts: dict[Place, int] = {}
    for choice in choices:
        parts |= choice.parts
    if place in parts:
        return None
    parts[place] = cost
    total = sum(parts.values())
    if known is not None and (known.cost, known.depth) <= (total, depth):
        return None
    return _Choice(total, depth, term, args, parts)


def _cost(graph: EGraph, term_id: int) -> int:
    term = graph.terms[term_id]
    if term.op not in OPS:
        return 0
    size = {Kind.TREE: _TREE, Kind.PER_ARRAY: _PER_ARRAY, Kind.SCALAR: 0}[term.kind]
    return _STATEMENT + size + _WEIGHTS.get(term.op, 2) + (term_id not in graph.kept)


def _places(
    graph: EGraph, term: Term, args: tuple[int, ...], is_wide: bool, has_wide_numbers: bool
) -> Iterator[tuple[Place, ...]]:
    """Where the arguments of a function can be, so that the result is as wide as it must be."""
    reduces = term.op in OPS and OPS[term.op].reduces
    kinds = [graph.terms[arg].kind for arg in args]
    widest = max(kinds, default=Kind.SCALAR)
    if not has_wide_numbers or widest is Kind.SCALAR or not (is_wide or reduces):
        if not (is_wide and term.op == NUMBER):
            yield tuple((arg, False) for arg in args)
        return
    for i, kind in enumerate(kinds):
        if kind is widest:
            yield tuple((arg, i == j) for j, arg in enumerate(args))
