"""From an e-graph's reasons to a list of single steps, each a whole program.

The reasons make a path of terms from one term to an equal one, whose arguments have paths of their
own. A step takes the first rule that is due somewhere. The same is done wherever the term stands,
unless that leads away from the goal.
"""

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lionhunt.dsl.rewriting.egraph import EdgeReason, EGraph
from lionhunt.dsl.rewriting.rule import Group, Rule
from lionhunt.dsl.rewriting.rules import ARITHMETIC, MACHINE
from lionhunt.dsl.rewriting.step_checker import find_change
from lionhunt.dsl.rewriting.terms import Term, make_arranged, arranged, substitute

WINDOW = 24
"""How many steps are tried to be made one."""

TermPair = tuple[int, int]
"""A term, and an equal one that it is to become."""


class Edge(NamedTuple):
    """One step of a path between terms, by their numbers."""

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
        """The path between two equal terms in the forest of reasons."""
        found = self._edges.get(pair)
        if found is None:
            found = self._edges[pair] = _joined(self._find(*pair))
        return found

    def _find(self, start: int, goal: int) -> list[Edge]:
        links = self.graph.links
        above, current = {start: 0}, start
        while (link := links[current]) is not None:
            current = link[0]
            above[current] = len(above)
        down, current = [], goal
        while current not in above:
            link = links[current]
            assert link is not None, "the terms are not known to be equal"
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
        """What the arguments of equal functions are to become; nothing for a rule."""
        if edge.reason.rule is not None:
            return []
        terms, ids = self.graph.terms, self.graph.ids
        args, others = terms[edge.before].args, terms[edge.after].args
        if edge.reason.is_crossed:
            others = others[::-1]
        return [(ids[a], ids[b]) for a, b in zip(args, others, strict=True)]

    def length(self, pair: TermPair) -> int:
        """The number of rules from one term to another, each place counted."""
        stack = [pair]
        while stack:
            edges = self.edges(stack[-1])
            # What two arguments are to become in the same way, they become at once.
            pairs = [each for edge in edges for each in dict.fromkeys(self.argument_pairs(edge))]
            missing = [each for each in pairs if each not in self._lengths]
            stack.extend(missing)
            if not missing:
                rules = sum(edge.reason.rule is not None for edge in edges)
                self._lengths[stack.pop()] = rules + sum(self._lengths[each] for each in pairs)
        return self._lengths[pair]

    def applicable_edges(self, pair: TermPair) -> list[Edge]:
        """The rules that can be used first, each where it can be."""
        found: list[Edge] = []
        seen, stack = {pair}, [pair]
        while stack:
            edges = self.edges(stack.pop())
            if not edges:
                continue
            if edges[0].reason.rule is not None:
                found.append(edges[0])
            elif len(edges) > 1:
                found += self._sooner(edges[0].before, edges[1])
            for below in self.argument_pairs(edges[0]):
                if below not in seen:
                    seen.add(below)
                    stack.append(below)
        return found

    def _sooner(self, term_id: int, edge: Edge) -> Iterator[Edge]:
        """The rule of an edge used on a term as it is, before its arguments are as in the edge."""
        graph, rule = self.graph, edge.reason.rule
        assert rule is not None, "equal arguments come once between two rules"
        for new in rule.results(graph.terms[term_id]):
            found = graph.add(new)
            if graph.find(found) == graph.find(term_id):
                yield Edge(term_id, found, edge.reason)

    def terms(self, pair: TermPair) -> Iterator[Term]:
        """Every term on the way from one to another; the last is the other."""
        terms = self.graph.terms
        for edge in self.edges(pair):
            before, below = terms[edge.before], self.argument_pairs(edge)
            args = list(before.args)
            for pair_below in dict.fromkeys(below):
                for arg in self.terms(pair_below):
                    args = [
                        arg if each == pair_below else now
                        for each, now in zip(below, args, strict=True)
                    ]
                    yield make_arranged(before.op, *args)
            if edge.reason.rule is not None:
                yield terms[edge.after]


def _joined(edges: list[Edge]) -> list[Edge]:
    """A path on which equal arguments are found at once, not by way of other arguments."""
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
    """The terms from one to an equal one, each by one rule from the one before.

    Args:
        deadline: when to stop on the way, on the clock `time.monotonic`.
    """
    proof = Proof(graph)
    chain, target = [start], graph.add(goal)
    while (nearer := _nearer(proof, chain[-1], target)) is not None:
        chain.append(nearer)
        if time.monotonic() > deadline:
            return chain
    for term in proof.terms((graph.ids[chain[-1]], target)):
        chain.append(term)
        if time.monotonic() > deadline:
            break
    return chain


def _nearer(proof: Proof, current: Term, goal: int) -> Term | None:
    """A term after one rule, used wherever it can be, that is nearer to the goal; if there is."""
    graph = proof.graph
    root = (graph.ids[current], goal)
    length = proof.length(root)
    for edge in sorted(proof.applicable_edges(root), key=_order):
        old, new = graph.terms[edge.before], graph.terms[edge.after]
        everywhere = arranged(substitute(current, {old: new}))
        if proof.length((graph.add(everywhere), goal)) < length:
            return everywhere
    return None


def _order(edge: Edge) -> tuple[int, TermPair]:
    """The order for a reader: what simplifies, what regroups, numbers."""
    return _rank(edge.reason.rule), (edge.before, edge.after)


def _rank(rule: Rule | None) -> int:
    if rule is ARITHMETIC or rule is MACHINE:
        return 3
    if rule is None or rule.group is Group.EXPAND:
        return 2
    return int(rule.group is Group.REGROUP)


def shorten(chain: Sequence[Term], rules: Sequence[Rule], deadline: float) -> list[Term]:
    """The shortest way along a chain of terms on which each follows from another by one rule.

    Args:
        rules: in the order in which they are preferred.
        deadline: when to leave the rest as it is, on the clock `time.monotonic`.
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
