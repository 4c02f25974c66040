"""Extraction: the cheapest term of a class in an e-graph.

Each class chooses the function whose parts cost least in total, counting a shared part once. The
choice is greedy: two arguments count as sharing a part only if their own choices share it.
"""

from collections.abc import Iterator
from typing import NamedTuple

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.egraph import EGraph
from lionhunt.dsl.rewriting.terms import NUMBER, Term, make_arranged

_STATEMENT, _TREE, _PER_ARRAY = 1 << 40, 1 << 24, 1 << 14
_WEIGHTS = {"reciprocal": 4, "power": 8}
"""Costs that break ties between equal numbers of statements; other functions weigh 2."""

Place = tuple[int, bool]
"""A class, and True if the term written for it must be as wide as the kind of the class.

A number may stand for a tree of equal numbers, except where a reduction counts them.
"""


class _Choice(NamedTuple):
    """The function chosen to write a class.

    Attributes:
        cost: cost of the function and all its parts, each counted once.
        depth: depth of the expression.
        term: id of the term with that function.
        args: places of the arguments.
        parts: cost of each place that is written, including this one.
    """

    cost: int
    depth: int
    term: int
    args: tuple[Place, ...]
    parts: dict[Place, int]


def extract(graph: EGraph, root: int) -> Term:
    """Return the cheapest term that the e-graph knows to be equal to a term.

    The cost counts statements first, then statements on whole trees, then on per-array values. Ties
    go to simpler functions, then to terms that `graph` keeps.

    Args:
        graph: saturated e-graph.
        root: id of the term.
    """
    best = _choose(graph)
    place: Place = (graph.find(root), False)
    needed: set[Place] = {place}
    stack: list[Place] = [place]
    while stack:
        for arg in best[stack.pop()].args:
            if arg not in needed:
                needed.add(arg)
                stack.append(arg)
    # A class that must be wide for one reader is wide for all of them: it is computed anyway.
    written: dict[Place, Term] = {}
    stack = [place]
    while stack:
        current = stack[-1]
        wide = (current[0], True)
        choice = best[wide if wide in needed else current]
        missing = [arg for arg in choice.args if arg not in written]
        stack.extend(missing)
        if not missing:
            stack.pop()
            term = graph.terms[choice.term]
            args = (written[arg] for arg in choice.args)
            written[current] = make_arranged(term.op, *args) if term.args else term
    return written[place]


def _choose(graph: EGraph) -> dict[Place, _Choice]:
    """Return the best choice for every class, narrow and wide."""
    best: dict[Place, _Choice] = {}
    has_wide_numbers = any(term.kind is not Kind.SCALAR for term in graph.numbers.values())
    has_changed = True
    while has_changed:
        has_changed = False
        for class_id in sorted(graph.nodes):
            is_scalar = graph.terms[class_id].kind is Kind.SCALAR
            widths = (False,) if is_scalar or not has_wide_numbers else (False, True)
            for nodes in graph.nodes[class_id].values():
                for node, term_id in nodes.items():
                    term, cost = graph.terms[term_id], _cost(graph, term_id)
                    args = node if term.args else ()
                    for is_wide in widths:
                        place = (class_id, is_wide)
                        for places in _arg_places(graph, term, args, is_wide, has_wide_numbers):
                            choice = _improve(best, place, term_id, cost, places)
                            if choice is not None:
                                best[place] = choice
                                has_changed = True
    return best


def _improve(
    best: dict[Place, _Choice], place: Place, term: int, cost: int, args: tuple[Place, ...]
) -> _Choice | None:
    """Return the choice of a function, or None if it is no better than the current choice."""
    current = best.get(place)
    choices = [best[arg] for arg in args if arg in best]
    if len(choices) < len(args):
        return None
    depth = 1 + max((choice.depth for choice in choices), default=-1)
    least = cost + max((choice.cost for choice in choices), default=0)
    if current is not None and (current.cost, current.depth) <= (least, depth):
        return None
    parts: dict[Place, int] = {}
    for choice in choices:
        parts |= choice.parts
    if place in parts:
        return None
    parts[place] = cost
    total = sum(parts.values())
    if current is not None and (current.cost, current.depth) <= (total, depth):
        return None
    return _Choice(total, depth, term, args, parts)


def _cost(graph: EGraph, term_id: int) -> int:
    term = graph.terms[term_id]
    if term.op not in OPS:
        return 0
    size = {Kind.TREE: _TREE, Kind.PER_ARRAY: _PER_ARRAY, Kind.SCALAR: 0}[term.kind]
    return _STATEMENT + size + _WEIGHTS.get(term.op, 2) + (term_id not in graph.kept)


def _arg_places(
    graph: EGraph, term: Term, args: tuple[int, ...], is_wide: bool, has_wide_numbers: bool
) -> Iterator[tuple[Place, ...]]:
    """Yield the places of a function's arguments that make the result as wide as it must be."""
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
