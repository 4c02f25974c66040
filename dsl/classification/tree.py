"""Trees of programs up to constants, in a standard form; `skeletons` builds them."""

import itertools
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from lionhunt.dsl.analysis.equal_states import partition_states

MAX_ORDERS = 120
"""Limit on the orders of indistinguishable states that `arrange` compares."""

SUMS, PRODUCT, NEGATIVE, NUMBER_NODE, PROGRAM = "+", "*", "-", "number", "program"
SUMS_UP, GROWS = "sums up", "grows"
"""Functions around a state in its own new value, if it does not decay."""
WEIGHTS, GRADIENT, SCHEDULE = "weights", "gradient", "lr"
"""Labels of the inputs; states are s0, s1, ..."""
NEXT = "next "
"""Prefix of a state's name that stands for its new value."""
COMMUTATIVE = {SUMS, PRODUCT, "max", "min", "dot", "cosine_sim"}


class Node(NamedTuple):
    """Tree of a function, an input or a number, or the `PROGRAM` of all outputs.

    Attributes:
        label: function name, `+`, `*`, `-`, `^` with an exponent, input, or `NUMBER_NODE`.
        children: arguments; those of a `PROGRAM` are the update and the new states.
    """

    label: str
    children: tuple["Node", ...] = ()

    @property
    def size(self) -> int:
        return 1 + sum(child.size for child in self.children)

    def parts(self) -> Iterator["Node"]:
        """Yield the node and all nodes below it."""
        yield self
        for child in self.children:
            yield from child.parts()


def build(label: str, children: Iterable[Node]) -> Node:
    """Build a node in standard form: flat sums and products, sorted arguments, no double minus."""
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
    """Build the tree of a program, with states named by their values instead of their order.

    Args:
        update: tree of the update.
        news: tree of each state's new value.
    """
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
    """Return the states on which the update of this or a later step depends."""
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
    """Return True if swapping two states leaves the program the same."""
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
    """Return the tree with other names of states."""
    if not tree.children:
        state = tree.label.removeprefix(NEXT)
        prefix = tree.label[: len(tree.label) - len(state)]
        return Node(prefix + names[state]) if state in names else tree
    return build(tree.label, [rename(child, names) for child in tree.children])
