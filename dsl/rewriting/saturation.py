"""Equality saturation: rules are applied to an e-graph until nothing new is found.

Rules that are found too often wait for a while and are then allowed twice as much, as in egg's
back-off scheduler (Willsey et al., 2021).
"""

import time
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.rewriting import rational_arithmetic as numbers
from lionhunt.dsl.rewriting.egraph import EdgeReason, EGraph
from lionhunt.dsl.rewriting.patterns import admits, as_wide, instantiate, value_of
from lionhunt.dsl.rewriting.rule import Group, Justification, Rule
from lionhunt.dsl.rewriting.rules import ARITHMETIC, MACHINE
from lionhunt.dsl.rewriting.terms import Term, walk

MAX_MATCHES = 400
"""Uses of a rule in one round above which it waits."""

MAX_ROUNDS = 30


class Direction(NamedTuple):
    """A rule read from one side to the other."""

    rule: Rule
    source: Term
    target: Term


def select_directions(
    rules: Sequence[Rule], warrants: Collection[Justification], groups: Collection[Group]
) -> list[Direction]:
    """The directions of the rules that have one of the warrants and are in one of the groups."""
    found = []
    for rule in rules:
        if rule.justification in warrants:
            if rule.group in groups:
                found.append(Direction(rule, rule.left, rule.right))
            if rule.back in groups:
                found.append(Direction(rule, rule.right, rule.left))
    return found


def make_evaluator(warrants: Collection[Justification]):
    """How functions of numbers are computed with these warrants: `EGraph` takes it."""

    def evaluate(op: str, *args: Term) -> tuple[Fraction, Rule] | None:
        values = [value for arg in args if (value := value_of(arg)) is not None]
        if op in numbers.RATIONAL and Justification.ALGEBRAIC in warrants:
            result, rule = numbers.compute(op, *values), ARITHMETIC
        elif Justification.EXACT in warrants and not _reduces_wide(op, args):
            result, rule = numbers.compute_as_machine(op, *values), MACHINE
        else:
            return None
        return None if result is None else (result, rule)

    return evaluate


def _reduces_wide(op: str, args: Sequence[Term]) -> bool:
    """Whether a value depends on how many numbers there are."""
    return OPS[op].reduces and any(arg.kind is not Kind.SCALAR for arg in args)


def saturate(graph: EGraph, rules: Sequence[Direction], *, max_nodes: int, deadline: float) -> str:
    """Applies rules until nothing changes or a limit is reached.

    Args:
        deadline: when to stop, on the clock `time.monotonic`.

    Returns:
        "saturated", "nodes" or "seconds": why it stopped.
    """
    depth = max((_depth(rule.source) for rule in rules), default=0)
    searched_in, waits_until = [-1] * len(rules), [0] * len(rules)
    allowed = [MAX_MATCHES] * len(rules)
    done: set[tuple] = set()
    for _ in range(MAX_ROUNDS):
        unions, graph.round = graph.num_unions, graph.round + 1
        now = graph.round
        found = []
        for i, direction in enumerate(rules):
            if waits_until[i] > now:
                continue
            matches = list(_search(graph, direction.source, searched_in[i]))
            if len(matches) > allowed[i]:
                allowed[i] *= 2
                waits_until[i] = now + allowed[i] // MAX_MATCHES
                continue
            searched_in[i] = now
            found += [(i, bound) for bound in matches]
            if time.monotonic() > deadline:
                break
        for i, bound in found:
            key = (i, *bound.values())
            if key not in done:
                done.add(key)
                _apply(graph, rules[i], bound)
            if graph.num_nodes > max_nodes or time.monotonic() > deadline:
                break
        graph.rebuild()
        graph.mark_changes(depth)
        if time.monotonic() > deadline:
            return "seconds"
        if graph.num_nodes > max_nodes:
            return "nodes"
        if graph.num_unions == unions and max(waits_until) <= now:
            return "saturated"
    return "nodes"


def _depth(form: Term) -> int:
    depths: dict[Term, int] = {}
    for part in walk(form):
        depths[part] = 1 + max((depths[arg] for arg in part.args), default=-1)
    return depths[form]


def _search(graph: EGraph, form: Term, since: int) -> Iterator[dict[Term, int]]:
    """What a pattern's leaves stand for, wherever it matches and something changed since."""
    for found, by_op in graph.nodes.items():
        if form.op in by_op and graph.changed_in[found] >= since:
            yield from _matches(graph, [(form, found)], {})


def _matches(
    graph: EGraph, todo: list[tuple[Term, int]], bound: dict[Term, int]
) -> Iterator[dict[Term, int]]:
    """What the leaves of some patterns stand for where each is a class."""
    if not todo:
        yield bound
        return
    (form, found), *rest = todo
    for node in graph.nodes[found].get(form.op, ()):
        for order in _orders(form.op, node):
            now, deeper = bound, list(rest)
            for arg, place in zip(form.args, order, strict=True):
                if arg.op in OPS:
                    if arg.op not in graph.nodes[place]:
                        break
                    deeper.append((arg, place))
                elif arg in now:
                    if now[arg] != place:
                        break
                elif _admits(graph, arg, place):
                    now = {**now, arg: place}
                else:
                    break
            else:
                yield from _matches(graph, deeper, now)


def _admits(graph: EGraph, leaf: Term, found: int) -> bool:
    plain = graph.numbers.get(found)
    return admits(leaf, graph.terms[found].kind, plain and value_of(plain))


def _orders(op: str, node: tuple[int, ...]):
    return (node, node[::-1]) if OPS[op].commutative and node[0] != node[1] else (node,)


def _apply(graph: EGraph, direction: Direction, bound: dict[Term, int]) -> None:
    """Makes the two sides of a rule equal for what its variables stand for."""
    found = {leaf: graph.find(i) for leaf, i in bound.items()}
    terms = {leaf: graph.numbers.get(i, graph.terms[i]) for leaf, i in found.items()}
    if direction.rule.allows(terms):
        source = instantiate(direction.source, terms)
        target = as_wide(instantiate(direction.target, terms), source.kind)
        if source.kind is target.kind:
            graph.union(graph.add(source), graph.add(target), EdgeReason(direction.rule))
