"""Equality saturation: applies rules to an e-graph until no new equality appears.

A rule with too many matches pauses for some rounds; then its limit doubles. This is egg's back-off
scheduler (Willsey et al., 2021).
"""

import time
from collections.abc import Collection, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.egraph import EdgeReason, EGraph
from lionhunt.dsl.rewriting.patterns import admits, argument_orders, as_wide, instantiate, value_of
from lionhunt.dsl.rewriting.rational_arithmetic import RATIONAL, compute, compute_as_machine
from lionhunt.dsl.rewriting.rule import Group, Justification, Rule
from lionhunt.dsl.rewriting.rules import ARITHMETIC, MACHINE
from lionhunt.dsl.rewriting.terms import Term, walk

MAX_MATCHES = 400
"""First limit on the matches of a rule in one round; with more the rule pauses."""

MAX_ROUNDS = 30
"""Limit on the rounds of one saturation."""


class Direction(NamedTuple):
    """A rule read from one side to the other."""

    rule: Rule
    source: Term
    target: Term


def select_directions(
    rules: Sequence[Rule], justifications: Collection[Justification], groups: Collection[Group]
) -> list[Direction]:
    """Return the directions of the rules with certain justifications and groups."""
    selected = []
    for rule in rules:
        if rule.justification in justifications:
            if rule.group in groups:
                selected.append(Direction(rule, rule.left, rule.right))
            if rule.back in groups:
                selected.append(Direction(rule, rule.right, rule.left))
    return selected


def make_evaluator(justifications: Collection[Justification]):
    """Return the function with which an `EGraph` evaluates functions of numbers."""

    def evaluate(op: str, *args: Term) -> tuple[Fraction, Rule] | None:
        values = [value for arg in args if (value := value_of(arg)) is not None]
        if op in RATIONAL and Justification.ALGEBRAIC in justifications:
            result, rule = compute(op, *values), ARITHMETIC
        elif Justification.EXACT in justifications and not _reduces_wide(op, args):
            result, rule = compute_as_machine(op, *values), MACHINE
        else:
            return None
        return None if result is None else (result, rule)

    return evaluate


def _reduces_wide(op: str, args: Sequence[Term]) -> bool:
    """Return True if a function reduces over more than one element."""
    return OPS[op].reduces and any(arg.kind is not Kind.SCALAR for arg in args)


def saturate(graph: EGraph, rules: Sequence[Direction], *, max_nodes: int, deadline: float) -> str:
    """Apply rules until nothing changes or a limit is reached.

    Args:
        graph: e-graph to extend.
        rules: directions of rules to apply.
        max_nodes: limit on the number of e-nodes.
        deadline: time to stop, on the clock `time.monotonic`.

    Returns:
        The reason for stopping: "saturated", "nodes" or "seconds".
    """
    depth = max((_depth(rule.source) for rule in rules), default=0)
    searched_in, paused_until = [-1] * len(rules), [0] * len(rules)
    limits = [MAX_MATCHES] * len(rules)
    applied: set[tuple] = set()
    for _ in range(MAX_ROUNDS):
        unions, graph.round = graph.num_unions, graph.round + 1
        matches = []
        for i, direction in enumerate(rules):
            if paused_until[i] > graph.round:
                continue
            of_rule = list(_search(graph, direction.source, searched_in[i]))
            if len(of_rule) > limits[i]:
                limits[i] *= 2
                paused_until[i] = graph.round + limits[i] // MAX_MATCHES
                continue
            searched_in[i] = graph.round
            matches += [(i, bound) for bound in of_rule]
            if time.monotonic() > deadline:
                break
        for i, bound in matches:
            key = (i, *bound.values())
            if key not in applied:
                applied.add(key)
                _apply(graph, rules[i], bound)
            if graph.num_nodes > max_nodes or time.monotonic() > deadline:
                break
        graph.rebuild()
        graph.mark_changes(depth)
        if time.monotonic() > deadline:
            return "seconds"
        if graph.num_nodes > max_nodes:
            return "nodes"
        if graph.num_unions == unions and max(paused_until) <= graph.round:
            return "saturated"
    return "nodes"


def _depth(form: Term) -> int:
    depths: dict[Term, int] = {}
    for part in walk(form):
        depths[part] = 1 + max((depths[arg] for arg in part.args), default=-1)
    return depths[form]


def _search(graph: EGraph, form: Term, since: int) -> Iterator[dict[Term, int]]:
    """Yield the classes of a pattern's leaves for each match in a class changed since a round."""
    for class_id, by_op in graph.nodes.items():
        if form.op in by_op and graph.changed_in[class_id] >= since:
            yield from _matches(graph, [(form, class_id)], {})


def _matches(
    graph: EGraph, todo: list[tuple[Term, int]], bound: dict[Term, int]
) -> Iterator[dict[Term, int]]:
    """Yield the bindings that extend `bound` and match each pattern with its class."""
    if not todo:
        yield bound
        return
    (form, class_id), *rest = todo
    for node in graph.nodes[class_id].get(form.op, ()):
        for order in argument_orders(form.op, node):
            extended, deeper = bound, list(rest)
            for arg, arg_class in zip(form.args, order, strict=True):
                if arg.op in OPS:
                    if arg.op not in graph.nodes[arg_class]:
                        break
                    deeper.append((arg, arg_class))
                elif arg in extended:
                    if extended[arg] != arg_class:
                        break
                elif _admits(graph, arg, arg_class):
                    extended = {**extended, arg: arg_class}
                else:
                    break
            else:
                yield from _matches(graph, deeper, extended)


def _admits(graph: EGraph, leaf: Term, class_id: int) -> bool:
    number = graph.numbers.get(class_id)
    return admits(leaf, graph.terms[class_id].kind, number and value_of(number))


def _apply(graph: EGraph, direction: Direction, bound: dict[Term, int]) -> None:
    """Merge the classes of both sides of a rule under a binding."""
    classes = {leaf: graph.find(i) for leaf, i in bound.items()}
    terms = {leaf: graph.numbers.get(i, graph.terms[i]) for leaf, i in classes.items()}
    if direction.rule.allows(terms):
        source = instantiate(direction.source, terms)
        target = as_wide(instantiate(direction.target, terms), source.kind)
        if source.kind is target.kind:
            graph.union(graph.add(source), graph.add(target), EdgeReason(direction.rule))
