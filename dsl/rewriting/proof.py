"""Proofs: turn the reasons in an e-graph into a list of single steps between whole programs.

The reasons form a path of terms from one term to an equal one; arguments have paths of their own.
Each step applies the first applicable rule on the path. It replaces the term wherever it occurs,
unless that leads away from the goal.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lionhunt.dsl.rewriting.egraph import EdgeReason, EGraph
from lionhunt.dsl.rewriting.rule import Group, Rule
from lionhunt.dsl.rewriting.rules import ARITHMETIC, MACHINE
from lionhunt.dsl.rewriting.step_checker import find_change
from lionhunt.dsl.rewriting.terms import Term, arrange_arguments, make_arranged, substitute

WINDOW = 24
"""Number of steps that `shorten` tries to replace by one."""

TermPair = tuple[int, int]
"""The ids of a term and of an equal one, its goal."""


class Edge(NamedTuple):
    """One step of a path, between the ids of two terms."""

    before: int
    after: int
    reason: EdgeReason


class Proof:
    """Paths between the terms of an e-graph."""

    def __init__(self, graph: EGraph):
        self.graph = graph
        self._edges: dict[TermPair, list[Edge]] = {}
        self._lengths: dict[TermPair, int] = {}

    def edges(self, pair: TermPair) -> list[Edge]:
        """Return the path between two equal terms in the forest of reasons."""
        edges = self._edges.get(pair)
        if edges is None:
            edges = self._edges[pair] = _join_congruences(self._find(*pair))
        return edges

    def _find(self, start: int, goal: int) -> list[Edge]:
        links = self.graph.links
        above, current = {start: 0}, start
        while (link := links[current]) is not None:
            current = link[0]
            above[current] = len(above)
        down, current = [], goal
        while current not in above:
            link = links[current]
            assert link is not None, "the e-graph does not hold the terms equal"
            down.append(Edge(link[0], current, link[1]))
            current = link[0]
        up, meeting, current = [], current, start
        while current != meeting:
            link = links[current]
            assert link is not None
            up.append(Edge(current, *link))
            current = link[0]
        return up + down[::-1]

    def argument_pairs(self, edge: Edge) -> list[TermPair]:
        """Return the pairs of arguments of a congruence; none for a rule."""
        if edge.reason.rule is not None:
            return []
        terms, ids = self.graph.terms, self.graph.ids
        args, goals = terms[edge.before].args, terms[edge.after].args
        if edge.reason.is_crossed:
            goals = goals[::-1]
        return [(ids[arg], ids[goal]) for arg, goal in zip(args, goals, strict=True)]

    def length(self, pair: TermPair) -> int:
        """Count the rules on the path between two terms, at each place where they apply."""
        stack = [pair]
        while stack:
            edges = self.edges(stack[-1])
            # Two arguments that are the same pair change in one step.
            below = [arg for edge in edges for arg in dict.fromkeys(self.argument_pairs(edge))]
            missing = [arg for arg in below if arg not in self._lengths]
            stack.extend(missing)
            if not missing:
                rules = sum(edge.reason.rule is not None for edge in edges)
                self._lengths[stack.pop()] = rules + sum(self._lengths[arg] for arg in below)
        return self._lengths[pair]

    def applicable_edges(self, pair: TermPair) -> list[Edge]:
        """Return the edges whose rules can be applied first."""
        applicable: list[Edge] = []
        visited, stack = {pair}, [pair]
        while stack:
            edges = self.edges(stack.pop())
            if not edges:
                continue
            if edges[0].reason.rule is not None:
                applicable.append(edges[0])
            elif len(edges) > 1:
                applicable += self._apply_early(edges[0].before, edges[1])
            for below in self.argument_pairs(edges[0]):
                if below not in visited:
                    visited.add(below)
                    stack.append(below)
        return applicable

    def _apply_early(self, term_id: int, edge: Edge) -> Iterator[Edge]:
        """Yield uses of an edge's rule on a term whose arguments have not changed yet."""
        graph, rule = self.graph, edge.reason.rule
        assert rule is not None, "two congruences follow each other"
        for new in rule.results(graph.terms[term_id]):
            new_id = graph.add(new)
            if graph.find(new_id) == graph.find(term_id):
                yield Edge(term_id, new_id, edge.reason)

    def terms(self, pair: TermPair) -> Iterator[Term]:
        """Yield the terms after the first on the path between two terms."""
        terms = self.graph.terms
        for edge in self.edges(pair):
            before, below = terms[edge.before], self.argument_pairs(edge)
            args = list(before.args)
            for changing in dict.fromkeys(below):
                for new in self.terms(changing):
                    args = [
                        new if arg_pair == changing else arg
                        for arg_pair, arg in zip(below, args, strict=True)
                    ]
                    yield make_arranged(before.op, *args)
            if edge.reason.rule is not None:
                yield terms[edge.after]


def _join_congruences(edges: list[Edge]) -> list[Edge]:
    """Return a path on which each run of congruences is one edge."""
    result: list[Edge] = []
    for edge in edges:
        last = result[-1] if result else None
        if last is None or last.reason.rule or edge.reason.rule:
            result.append(edge)
        else:
            is_crossed = last.reason.is_crossed != edge.reason.is_crossed
            result[-1] = Edge(last.before, edge.after, EdgeReason(None, is_crossed))
    return result


def derive(graph: EGraph, start: Term, goal: Term, deadline: float) -> list[Term]:
    """Return a chain of terms from `start` to `goal`, each one rule away from the one before.

    Args:
        graph: e-graph that holds both terms equal.
        start, goal: arranged terms.
        deadline: time to stop on the way, on the clock `time.monotonic`.
    """
    proof = Proof(graph)
    chain, target = [start], graph.add(goal)
    while (nearer := _apply_everywhere(proof, chain[-1], target)) is not None:
        chain.append(nearer)
        if time.monotonic() > deadline:
            return chain
    for term in proof.terms((graph.ids[chain[-1]], target)):
        chain.append(term)
        if time.monotonic() > deadline:
            break
    return chain


def _apply_everywhere(proof: Proof, current: Term, goal: int) -> Term | None:
    """Return a term nearer to the goal after one rule, applied everywhere, or None."""
    graph = proof.graph
    root = (graph.ids[current], goal)
    length = proof.length(root)
    for edge in sorted(proof.applicable_edges(root), key=_reading_order):
        old, new = graph.terms[edge.before], graph.terms[edge.after]
        everywhere = arrange_arguments(substitute(current, {old: new}))
        if proof.length((graph.add(everywhere), goal)) < length:
            return everywhere
    return None


def _reading_order(edge: Edge) -> tuple[int, TermPair]:
    """Return a sort key: simplifying rules first, then regrouping ones, then numbers."""
    return _rank(edge.reason.rule), (edge.before, edge.after)


def _rank(rule: Rule | None) -> int:
    if rule in (ARITHMETIC, MACHINE):
        return 3
    if rule is None or rule.group is Group.EXPAND:
        return 2
    return int(rule.group is Group.REGROUP)


def shorten(chain: Sequence[Term], rules: Sequence[Rule], deadline: float) -> list[Term]:
    """Return the shortest chain through some of the terms, each one rule away from the one before.

    Args:
        chain: terms, each one rule away from the one before.
        rules: rules, the preferred ones first.
        deadline: time after which the rest of the chain stays, on the clock `time.monotonic`.
    """
    first = {term: i for i, term in reversed(list(enumerate(chain)))}
    steps, back = [0], [0]
    for j, term in enumerate(chain[1:], 1):
        i = first[term]
        steps.append(steps[i] if i < j else steps[j - 1] + 1)
        back.append(back[i] if i < j else j - 1)
        for i in range(max(0, j - WINDOW), j - 1):
            if steps[i] + 1 < steps[j] and time.monotonic() < deadline:
                if find_change(chain[i], term, rules):
                    steps[j], back[j] = steps[i] + 1, i
    kept = [len(chain) - 1]
    while kept[-1]:
        kept.append(back[kept[-1]])
    return [chain[i] for i in reversed(kept)]
