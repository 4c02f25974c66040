"""Trees that say what a program computes up to its constants; `dsl.classification.skeletons` makes them."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lionhunt.dsl.analysis.equal_states import partition_states

MAX_ORDERS = 120
"""Orders of states that nothing tells apart of which the first is chosen."""

SUMS, PRODUCT, NEGATIVE, NUMBER_NODE, PROGRAM = "+", "*", "-", "number", "program"
SUMS_UP, GROWS = "sums up", "grows"
"""Around a state in its new value, where that does not decay."""
WEIGHTS, GRADIENT, SCHEDULE = "weights", "gradient", "lr"
"""Inputs; the states are s0, s1, ..."""
NEXT = "next "
"""Before the name of a state: its new value."""
COMMUTATIVE = {SUMS, PRODUCT, "max", "min", "dot", "cosine_sim"}


class Node(NamedTuple):
    """A tree: a function, an input, a number, or the `PROGRAM` of its outputs.

    Attributes:
        label: a function, `+`, `*`, `-`, `^` and an exponent, an input, or "number".
        children: its arguments.
    """

    label: str
    children: tuple["Node", ...] = ()

    @property
    def size(self) -> int:
        return 1 + sum(child.size for child in self.children)

    def parts(self) -> Iterator["Node"]:
        """The node and all below it."""
        yield self
        for child in self.children:
            yield from child.parts()


def build(label: str, children: Iterable[Node]) -> Node:
    """A node in its standard form: no sum in a sum, no minus twice, arguments in order."""
    children = list(children)
    if label in (SUMS, PRODUCT):
        flat = []
        for child in children:
            flat += child.children if child.label == label else [child]
        children = sorted(set(flat)) if label == SUMS else sorted(flat)
        if len(children) == 1:
            return children[0]
    elif label == NEGATIVE and children[0].label == NEGATIVE:
        return children[0].children[0]
    elif label in COMMUTATIVE:
        children.sort()
    return Node(label, tuple(children))


def arrange(update: Node, news: dict[str, Node]) -> Node:
    """The tree of a program whose states are named by what they hold, not by their order."""
    reached = _reached(update, news)

    def views(ranks: dict[str, int]) -> dict[str, tuple[Node, ...]]:
        return {
            state: tuple(_seen_from(state, tree, ranks) for tree in (update, new))
            for state, new in reached.items()
        }

    ranks = partition_states(reached, views, sort=True)
    groups = [[s for s in reached if ranks[s] == rank] for rank in sorted(set(ranks.values()))]
    orders = itertools.product(
        *(
            [group]
            if all(_can_swap(update, reached, *pair) for pair in itertools.pairwise(group))
            else itertools.permutations(group)
            for group in groups
        )
    )
    return min(
        _named(update, reached, list(itertools.chain(*order)))
        for order in itertools.islice(orders, MAX_ORDERS)
    )


def _reached(update: Node, news: dict[str, Node]) -> dict[str, Node]:
    """The states that the update depends on, now or later."""
    reached: dict[str, Node] = {}
    waiting = [update]
    while waiting:
        for part in waiting.pop().parts():
            state = part.label.removeprefix(NEXT)
            if state in news and state not in reached:
                reached[state] = news[state]
                waiting.append(news[state])
    return reached


def _can_swap(update: Node, news: dict[str, Node], one: str, other: str) -> bool:
    """Whether a program stays the same with two states in each other's place."""
    names = {one: other, other: one}
    return rename(update, names) == update and all(
        rename(new, names) == news[names.get(state, state)] for state, new in news.items()
    )


def _seen_from(state: str, tree: Node, ranks: dict[str, int]) -> Node:
    names = {other: f"state {rank}" for other, rank in ranks.items()}
    return rename(tree, names | {state: "this"})


def _named(update: Node, news: dict[str, Node], order: list[str]) -> Node:
    names = {state: f"s{i}" for i, state in enumerate(order)}
    trees = [rename(update, names), *(rename(news[state], names) for state in order)]
    return Node(PROGRAM, tuple(trees))


def rename(tree: Node, names: dict[str, str]) -> Node:
    """A tree with other names of states."""
    if not tree.children:
        state = tree.label.removeprefix(NEXT)
        prefix = tree.label[: len(tree.label) - len(state)]
        return Node(prefix + names[state]) if state in names else tree
    return build(tree.label, [rename(child, names) for child in tree.children])
