"""The largest skeleton that is left of two when parts of both are taken away.

A tree edit distance between unordered trees is too hard to compute, and tells no one what it
means. So parts are taken away one by one, each everywhere it occurs: an addend, a factor, or a
function around its first argument. What is left of a program and of a known one after a few
deletions each, they have in common; the deletions are their difference.
"""

import heapq
import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lionhunt.dsl.classification.tree import PRODUCT, SUMS, Node, arrange, build

MAX_TREES = 1_500
"""Trees that are looked at before the search for what is common ends: half a second for most
programs, some seconds for those of many states."""

MAX_PROGRAM_SIZE = 200
"""A program of more nodes is only asked whether it is a known one as it is."""
MAX_MISSING = 2
"""Parts that a program may lack of a known one;"""
MAX_SIZE = 40
"""one of a known one of more nodes. To know all these trees takes two seconds."""


class Deletion(NamedTuple):
    """A part taken away.

    Attributes:
        program: the tree from which it is taken.
        whole: the node that lost it.
        kept: what stays of that node.
        removed: the addend or factor that is gone; None for a function around `kept`.
    """

    program: Node
    whole: Node
    kept: Node
    removed: Node | None


Path = tuple[Deletion, ...]


class CommonTree(NamedTuple):
    """A known tree and what it has in common with another.

    Attributes:
        name: of the known tree.
        distance: from 0, the same, to 1: the share of both trees' nodes that are not common.
        extra: what was taken from the other tree.
        missing: what was taken from the known tree.
        common: what is left.
        rank: less is nearer: the distance, and each deletion counts as a node that is not common,
            so that one large part is a smaller difference than many small ones.
    """

    name: str
    distance: float
    extra: Path
    missing: Path
    common: Node
    rank: float


def delete_parts(program: Node) -> Iterator[tuple[Node, Deletion]]:
    """What is left after each deletion of one part of a program's tree, and the deletion."""
    for whole in dict.fromkeys(part for tree in program.children for part in tree.parts()):
        for kept, removed in _shorter(whole):
            replaced = [_replace(tree, whole, kept) for tree in program.children]
            news = {f"s{i}": tree for i, tree in enumerate(replaced[1:])}
            yield arrange(replaced[0], news), Deletion(program, whole, kept, removed)


def _shorter(node: Node) -> Iterator[tuple[Node, Node | None]]:
    if node.label in (SUMS, PRODUCT):
        for i, child in enumerate(node.children):
            yield build(node.label, node.children[:i] + node.children[i + 1 :]), child
    elif node.children:
        yield node.children[0], None


def _replace(tree: Node, old: Node, new: Node) -> Node:
    if tree == old:
        return new
    if not tree.children:
        return tree
    return build(tree.label, [_replace(child, old, new) for child in tree.children])


def reduce_known(trees: Mapping[str, Node]) -> dict[Node, list[tuple[str, Path]]]:
    """The known trees, and what each is after a deletion or two: under each, whose it is, and how.

    Of two ways to one tree the first counts.
    """
    found: dict[Node, list[tuple[str, Path]]] = {}
    for name, tree in trees.items():
        paths: dict[Node, Path] = {tree: ()}
        for _ in range(MAX_MISSING if tree.size <= MAX_SIZE else 1):
            for start, path in list(paths.items()):
                for smaller, deletion in delete_parts(start):
                    paths.setdefault(smaller, (*path, deletion))
        for smaller, path in paths.items():
            found.setdefault(smaller, []).append((name, path))
    return found


def find_nearest(
    program: Node, sizes: Mapping[str, int], known: Mapping[Node, list[tuple[str, Path]]]
) -> CommonTree | None:
    """The known tree that has most in common with a program's, as far as few deletions tell.

    Args:
        program: its tree.
        sizes: the sizes of the known trees.
        known: see `reduced`.

    Returns:
        That of least rank; None if nothing in common is found.
    """
    best: CommonTree | None = None
    numbers = itertools.count()
    waiting: list[tuple[int, int, Node, Path]] = []
    seen: set[Node] = set()

    def look_at(tree: Node, path: Path) -> None:
        nonlocal best
        seen.add(tree)
        heapq.heappush(waiting, (-tree.size, next(numbers), tree, path))
        for name, missing in known.get(tree, ()):
            both = program.size + sizes[name]
            distance = 1 - 2 * tree.size / both
            rank = distance + (len(path) + len(missing)) / both
            meeting = CommonTree(name, distance, path, missing, tree, rank)
            if best is None or meeting.rank < best.rank:
                best = meeting

    look_at(program, ())
    smallest_known = min(sizes.values())
    while waiting and len(seen) < MAX_TREES:
        negative_size, _, tree, path = heapq.heappop(waiting)
        largest = max(smallest_known, -negative_size)  # nothing smaller can have it in common
        if best and best.rank <= 1 + 2 * negative_size / (program.size + largest):
            break
        for smaller, deletion in delete_parts(tree) if tree.size <= MAX_PROGRAM_SIZE else ():
            if smaller not in seen:
                look_at(smaller, (*path, deletion))
    return best
