"""An e-graph: terms in classes of equals, each equality with its reason.

Willsey et al., 2021, "egg: Fast and extensible equality saturation"; reasons are kept as a forest
over the terms, Nieuwenhuis and Oliveras, 2005, "Proof-producing congruence closure". It knows
nothing of rules: `dsl.rewriting.saturation` applies them.

Values of different kinds are never equal, and neither are two different numbers.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import NamedTuple

from lionhunt.dsl.ops import OPS
from lionhunt.dsl.rewriting.patterns import value_of
from lionhunt.dsl.rewriting.rule import Rule
from lionhunt.dsl.rewriting.terms import Term, make_arranged, number

ENode = tuple[int, ...]
"""The classes of a function's arguments, in order where the order does not matter; for a leaf, its
own number."""


class EdgeReason(NamedTuple):
    """Why two terms are equal: a rule, or that their arguments are.

    Attributes:
        rule: the rule of which they are the two sides; None for equal arguments.
        is_crossed: the first argument of one equals the second of the other.
    """

    rule: Rule | None
    is_crossed: bool = False


class EGraph:
    """Terms, and which are known to be equal. All terms are arranged.

    Args:
        evaluate: the value of a function of numbers and the rule that says so, or None.

    Attributes:
        terms, ids: every term that was added, and its number.
        nodes: of each class, its functions; of each function, its arguments and the term.
        numbers: the number that a class is.
        links: for each term, another one that it equals, with the reason; None at the root of a
            tree of the forest.
        changed_in: the round in which something last changed in a class or near below it.
        round: counted by the user.
        kept: numbers of the terms that stay even where a class is found to be a number.
        num_nodes: functions and leaves of all classes.
        num_unions: how often two classes became one.
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
        self._known: dict[tuple[str, ENode], int] = {}
        self._users: dict[int, list[int]] = {}
        self._dirty: list[int] = []

    def find(self, term_id: int) -> int:
        """The class of a term: the number of one of its terms."""
        leaders = self._leaders
        while leaders[term_id] != term_id:
            leaders[term_id] = term_id = leaders[leaders[term_id]]
        return term_id

    def add(self, root: Term) -> int:
        """Adds a term with all its parts and returns its number."""
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
        equal = self._known.get((term.op, node))
        if equal is not None:
            self._leaders.append(self.find(equal))
            self.links.append((equal, self._congruence(new, equal)))
            return
        self._leaders.append(new)
        self.links.append(None)
        self._known[term.op, node] = new
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
        """Makes a function of numbers equal to its value."""
        term = self.terms[term_id]
        args = [self.numbers.get(self.find(self.ids[arg])) for arg in term.args]
        known = [arg for arg in args if arg is not None]
        if term.op not in OPS or len(known) < len(args):
            return
        found = self._evaluate(term.op, *known)
        if found is not None:
            value, rule = found
            plain = self.add(make_arranged(term.op, *known))
            self.union(plain, self.add(number(value, term.kind)), EdgeReason(rule))

    def union(self, one: int, other: int, reason: EdgeReason) -> bool:
        """Makes two terms equal; returns whether that was possible and new."""
        a, b = self.find(one), self.find(other)
        if a == b or self.terms[a].kind is not self.terms[b].kind:
            return False
        if a in self.numbers and b in self.numbers:
            # Rounded functions of numbers and guards meet here: neither is better than the other.
            return False
        self._link(one, other, reason)
        if len(self._users[a]) > len(self._users[b]):
            a, b = b, a
        self._leaders[a] = b
        for op, found in self.nodes.pop(a).items():
            self.nodes[b].setdefault(op, {}).update(found)
        self._users[b] += self._users.pop(a)
        if a in self.numbers:
            self.numbers[b] = self.numbers.pop(a)
        self.changed_in[b] = self.round
        self._dirty.append(b)
        self.num_unions += 1
        return True

    def _link(self, one: int, other: int, reason: EdgeReason) -> None:
        """Hangs the tree of one term under another one, after turning it so that it is the root."""
        current, link = one, self.links[one]
        self.links[one] = (other, reason)
        while link is not None:
            parent, why = link
            link, self.links[parent] = self.links[parent], (current, why)
            current = parent

    def rebuild(self) -> None:
        """Makes functions of equal arguments equal, and forgets what a number makes superfluous."""
        while self._dirty:
            todo = {self.find(term_id) for term_id in self._dirty}
            self._dirty = []
            for term_id in sorted(todo):
                self._rebuild_users(self.find(term_id))
        for term_id, by_op in self.nodes.items():
            self.nodes[term_id] = self._refreshed(term_id, by_op)
        self.num_nodes = sum(
            len(found) for by_op in self.nodes.values() for found in by_op.values()
        )

    def _rebuild_users(self, term_id: int) -> None:
        users: dict[tuple[str, ENode], int] = {}
        for user in self._users[term_id]:
            term = self.terms[user]
            key = (term.op, self._node(term, user))
            equal = self._known.setdefault(key, user)
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
        """The functions of a class over the classes that there are now."""
        if term_id in self.numbers:
            own = self.ids[self.numbers[term_id]]
            kept = {i for found in by_op.values() for i in found.values() if i in self.kept}
            members = [own, *sorted(kept - {own})] if self.terms[own].kind else [own]
        else:
            members = sorted(i for found in by_op.values() for i in found.values())
        result: dict[str, dict[ENode, int]] = {}
        for member in members:
            term = self.terms[member]
            result.setdefault(term.op, {}).setdefault(self._node(term, member), member)
        return result

    def mark_changes(self, depth: int) -> None:
        """Marks as changed in this round what is up to `depth` functions above a change."""
        front = {i for i in self.nodes if self.changed_in.get(i) == self.round}
        for _ in range(depth):
            front = {self.find(user) for i in front for user in self._users[i]}
            for i in front:
                self.changed_in[i] = self.round


def _is_disordered(op: str, node: ENode) -> bool:
    return op in OPS and OPS[op].commutative and node[0] > node[1]
