"""Trees of programs up to constants, in a standard form; `skeletons` builds them."""

import itertools
import weakref
from collections.abc import Iterable, Iterator, Mapping

from lionhunt.dsl.analysis.equal_states import partition_states

MAX_ORDERS = 120
"""Limit on the orders of indistinguishable states that `arrange` compares."""

SUMS, PRODUCT, NEGATIVE, NUMBER_NODE, PROGRAM = "+", "*", "-", "number", "program"
SUMS_UP, GROWS = "sums up", "grows"
"""Functions around a state in its own new value, if it does not decay."""
WEIGHTS, GRADIENT, SCHEDULE = "weights", "gradient", "lr"
"""Labels of the inputs; states are s0, s1, ..."""
LEFT_OUT = "..."
"""First word of a leaf that stands for a part beyond the limits."""
NEXT = "next "
"""Prefix of a state's name that stands for its new value."""
COMMUTATIVE = {SUMS, PRODUCT, "max", "min", "dot", "cosine_sim"}


class Node:
    """Tree of a function, an input or a number, or the `PROGRAM` of all outputs.

    Equal trees are one object, so comparing and hashing are cheap for any size. The order of trees
    is that of their labels, sizes and children.

    Attributes:
        label: function name, `+`, `*`, `-`, `^` with an exponent, input, or `NUMBER_NODE`.
        children: arguments; those of a `PROGRAM` are the update and the new states.
        size: number of nodes, where a part counts at each of its places.
        leaves: labels of the nodes without children.
    """

    __slots__ = ("__weakref__", "children", "label", "leaves", "size")

    label: str
    children: tuple["Node", ...]
    size: int
    leaves: frozenset[str]

    def __new__(cls, label: str, children: tuple["Node", ...] = ()):
        node = _NODES.get((label, children))
        if node is None:
            node = super().__new__(cls)
            node.label, node.children = label, children
            node.size = 1 + sum(child.size for child in children)
            own = frozenset() if children else frozenset([label])
            node.leaves = own.union(*(child.leaves for child in children))
            _NODES[label, children] = node
        return node

    def __lt__(self, other: "Node") -> bool:
        one = self
        while one is not other:
            if (one.label, one.size) != (other.label, other.size):
                return (one.label, one.size) < (other.label, other.size)
            pairs = zip(one.children, other.children, strict=False)
            different = next((pair for pair in pairs if pair[0] is not pair[1]), None)
            if different is None:
                return len(one.children) < len(other.children)
            one, other = different
        return False

    def __reduce__(self):
        return Node, (self.label, self.children)

    def __repr__(self) -> str:
        return (
            f"{self.label}({', '.join(map(repr, self.children))})" if self.children else self.label
        )

    def parts(self) -> Iterator["Node"]:
        """Yield the node and each different node below it, from the left."""
        visited: set[Node] = set()
        waiting: list[Node] = [self]
        while waiting:
            node = waiting.pop()
            if node not in visited:
                visited.add(node)
                yield node
                waiting.extend(reversed(node.children))


_NODES: weakref.WeakValueDictionary[tuple[str, tuple[Node, ...]], Node] = (
    weakref.WeakValueDictionary()
)


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
    if len(reached) < 2:
        return _named(update, reached, list(reached))

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
        # The order of leaves in a tree, unlike that of a set of labels, is the same in every run.
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
    leaves = {
        Node(prefix + old): Node(prefix + new)
        for old, new in names.items()
        for prefix in ("", NEXT)
        if prefix + old in tree.leaves
    }
    return replace(tree, leaves)


def replace(tree: Node, replacements: Mapping[Node, Node]) -> Node:
    """Return the tree with some of its parts replaced, in standard form."""
    leaves = {label for old in replacements for label in old.leaves}
    done = dict(replacements)

    def new(node: Node) -> Node:
        result = done.get(node)
        if result is None:
            # Most parts lack a leaf of every replaced part.
            result = node
            if node.children and not leaves.isdisjoint(node.leaves):
                children = tuple([new(child) for child in node.children])
                if children != node.children:
                    result = build(node.label, children)
            done[node] = result
        return result

    return new(tree)
