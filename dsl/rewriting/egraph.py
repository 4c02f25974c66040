"""E-graph: terms in classes of equal terms, with the reason for each equality.

The e-graph follows Willsey et al., 2021, "egg: Fast and extensible equality saturation". A forest
over the terms keeps the reasons: Nieuwenhuis and Oliveras, 2005, "Proof-producing congruence
closure". This module applies no rules; `dsl.rewriting.saturation` does.

Terms of different kinds are never equal, nor are two different numbers.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.patterns import value_of
from lionhunt.dsl.rewriting.rule import Rule
from lionhunt.dsl.rewriting.terms import Term, make_arranged, number

ENode = tuple[int, ...]
"""The classes of a function's arguments, sorted if the function is commutative.

The e-node of a leaf holds the leaf's own id.
"""


class EdgeReason(NamedTuple):
    """Reason for the equality of two terms: a rule, or congruence (equal arguments).

    Attributes:
        rule: the rule whose two sides the terms are; None for congruence.
        is_crossed: True if the first argument of one term equals the second of the other.
    """

    rule: Rule | None
    is_crossed: bool = False


class EGraph:
    """Classes of equal terms. All terms are arranged.

    A term's id is its index in `terms`; a class is known by the id of one of its terms.

    Args:
        evaluate: returns the value of a function of numbers and the rule for it, or None.

    Attributes:
        terms: every added term.
        ids: the id of each term.
        nodes: for each class and function, its e-nodes, each with the id of a term.
        numbers: the number that a class equals.
        links: for each term, the id of an equal term and the reason; None at a root of the forest.
        changed_in: for each class, the last round with a change in it or shortly below it.
        round: the current round; the caller counts it.
        kept: ids of the terms that stay in a class that equals a number.
        num_nodes: number of e-nodes in all classes.
        num_unions: number of times that two classes were merged.
    """

    def __init__(self, evaluate: Callable[..., tuple[Fraction, Rule] | None]):
        self.terms: list[Term] = []
        self.ids: dict[Term, int] = {}
        self.nodes: dict[int, dict[str, dict[ENode, int]]] = {}
        self.numbers: dict[int, Term] = {}
        self.links: list[tuple[int, EdgeReason] | None] = []
        self.changed_in: dict[int, int] = {}
        self.round = 0
        self.kept: set[int] = set()
        self.num_nodes = self.num_unions = 0
        self._evaluate = evaluate
        self._leaders: list[int] = []
        self._hashcons: dict[tuple[str, ENode], int] = {}
        self._users: dict[int, list[int]] = {}
        self._dirty: list[int] = []

    def find(self, term_id: int) -> int:
        """Return the class of a term."""
        leaders = self._leaders
        while leaders[term_id] != term_id:
            leaders[term_id] = term_id = leaders[leaders[term_id]]
        return term_id

    def add(self, root: Term) -> int:
        """Add a term with all its parts and return its id."""
        stack = [root]
        while stack:
            term = stack[-1]
            missing = [arg for arg in term.args if arg not in self.ids]
            if missing:
                stack.extend(missing)
            else:
                stack.pop()
                if term not in self.ids:
                    self._register(term)
        return self.ids[root]

    def _register(self, term: Term) -> None:
        new = len(self.terms)
        node = self._node(term, new)
        self.terms.append(term)
        self.ids[term] = new
        equal = self._hashcons.get((term.op, node))
        if equal is not None:
            self._leaders.append(self.find(equal))
            self.links.append((equal, self._congruence(new, equal)))
            return
        self._leaders.append(new)
        self.links.append(None)
        self._hashcons[term.op, node] = new
        self.num_nodes += 1
        self.nodes[new] = {term.op: {node: new}}
        self._users[new] = []
        self.changed_in[new] = self.round
        if value_of(term) is not None:
            self.numbers[new] = term
        for arg in set(node) if term.args else ():
            self._users[arg].append(new)
        self._fold(new)

    def _node(self, term: Term, own: int) -> ENode:
        if not term.args:
            return () if term.op in OPS else (own,)
        node = tuple([self.find(self.ids[arg]) for arg in term.args])
        return (node[1], node[0]) if _is_disordered(term.op, node) else node

    def _congruence(self, one: int, other: int) -> EdgeReason:
        args, others = self.terms[one].args, self.terms[other].args
        pairs = zip(args, others, strict=True)
        straight = all(self.find(self.ids[a]) == self.find(self.ids[b]) for a, b in pairs)
        return EdgeReason(None, not straight)

    def _fold(self, term_id: int) -> None:
        """Merge a function of numbers with its value."""
        term = self.terms[term_id]
        args = [self.numbers.get(self.find(self.ids[arg])) for arg in term.args]
        numbers = [arg for arg in args if arg is not None]
        if term.op not in OPS or len(numbers) < len(args):
            return
        evaluated = self._evaluate(term.op, *numbers)
        if evaluated is not None:
            value, rule = evaluated
            plain = self.add(make_arranged(term.op, *numbers))
            self.union(plain, self.add(number(value, term.kind)), EdgeReason(rule))

    def union(self, one: int, other: int, reason: EdgeReason) -> bool:
        """Merge the classes of two terms; return True if they were apart and could be merged."""
        a, b = self.find(one), self.find(other)
        if a == b or self.terms[a].kind is not self.terms[b].kind:
            return False
        if a in self.numbers and b in self.numbers:
            # Rounding or a guard makes two numbers of one value; neither is better.
            return False
        self._link(one, other, reason)
        if len(self._users[a]) > len(self._users[b]):
            a, b = b, a
        self._leaders[a] = b
        for op, nodes in self.nodes.pop(a).items():
            self.nodes[b].setdefault(op, {}).update(nodes)
        self._users[b] += self._users.pop(a)
        if a in self.numbers:
            self.numbers[b] = self.numbers.pop(a)
        self.changed_in[b] = self.round
        self._dirty.append(b)
        self.num_unions += 1
        return True

    def _link(self, one: int, other: int, reason: EdgeReason) -> None:
        """Make a term the root of its tree in the forest, then link it to another term."""
        current, link = one, self.links[one]
        self.links[one] = (other, reason)
        while link is not None:
            parent, old_reason = link
            link, self.links[parent] = self.links[parent], (current, old_reason)
            current = parent

    def rebuild(self) -> None:
        """Restore congruence, and drop the e-nodes of classes that equal a number."""
        while self._dirty:
            todo = {self.find(term_id) for term_id in self._dirty}
            self._dirty = []
            for term_id in sorted(todo):
                self._rebuild_users(self.find(term_id))
        for term_id, by_op in self.nodes.items():
            self.nodes[term_id] = self._refreshed(term_id, by_op)
        self.num_nodes = sum(
            len(nodes) for by_op in self.nodes.values() for nodes in by_op.values()
        )

    def _rebuild_users(self, term_id: int) -> None:
        users: dict[tuple[str, ENode], int] = {}
        for user in self._users[term_id]:
            term = self.terms[user]
            key = (term.op, self._node(term, user))
            equal = self._hashcons.setdefault(key, user)
            if self.find(equal) != self.find(user):
                self.union(user, equal, self._congruence(user, equal))
            users.setdefault(key, user)
        if self.find(term_id) == term_id:
            self._users[term_id] = list(users.values())
        leader = self.find(term_id)
        if leader in self.numbers:
            for user in list(self._users[leader]):
                self._fold(user)

    def _refreshed(self, term_id: int, by_op: dict[str, dict[ENode, int]]):
        """Return the e-nodes of a class over the current classes."""
        if term_id in self.numbers:
            own = self.ids[self.numbers[term_id]]
            kept = {i for nodes in by_op.values() for i in nodes.values() if i in self.kept}
            members = [own, *sorted(kept - {own})] if self.terms[own].kind else [own]
        else:
            members = sorted(i for nodes in by_op.values() for i in nodes.values())
        result: dict[str, dict[ENode, int]] = {}
        for member in members:
            term = self.terms[member]
            result.setdefault(term.op, {}).setdefault(self._node(term, member), member)
        return result

    def mark_changes(self, depth: int) -> None:
        """Mark as changed in this round the classes up to `depth` functions above a change."""
        front = {i for i in self.nodes if self.changed_in.get(i) == self.round}
        for _ in range(depth):
            front = {self.find(user) for i in front for user in self._users[i]}
            for i in front:
                self.changed_in[i] = self.round


def _is_disordered(op: str, node: ENode) -> bool:
    return op in OPS and OPS[op].commutative and node[0] > node[1]
