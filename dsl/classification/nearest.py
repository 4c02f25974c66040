"""Search for the largest common tree of a program's skeleton and a known one.

A tree edit distance between unordered trees is too hard to compute, and its number explains
nothing. This search deletes parts one by one, each at all its occurrences. A part is an addend, a
factor, or a function around its first argument. A tree that both skeletons reach after a few
deletions is common to them; the deletions are their differences.
"""

import functools
import heapq
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lionhunt.dsl.classification.tree import NEXT, PRODUCT, SUMS, Node, arrange, build, replace

MAX_TREES = 1_500
"""Limit on the trees that a search visits.

This takes half a second for most programs, and some seconds for programs with many states.
"""

MAX_PROGRAM_SIZE = 200
"""Limit on the nodes of a tree from which the search deletes parts anywhere."""
MAX_LEVELS, MAX_PLACES = 2, 20
"""Levels below the outputs, and places in each, at which it deletes parts of larger trees."""
MAX_MISSING = 2
"""Limit on the deletions from a known tree; it is 1 for trees above `MAX_SIZE`."""
MAX_SIZE = 40
"""Limit on the nodes of a known tree that loses `MAX_MISSING` parts."""


class Deletion(NamedTuple):
    """Deletion of one part of a tree.

    Attributes:
        program: tree before the deletion.
        whole: node that loses the part.
        kept: remainder of that node.
        removed: deleted addend or factor; None for a function around `kept`.
    """

    program: Node
    whole: Node
    kept: Node
    removed: Node | None


Path = tuple[Deletion, ...]


class CommonTree(NamedTuple):
    """Common tree of a program and a known optimizer.

    Attributes:
        name: name of the known optimizer.
        distance: share of both trees' nodes that are not common, from 0 (equal) to 1.
        extra: deletions from the program's tree.
        missing: deletions from the known tree.
        common: the common tree.
        rank: the distance, where each deletion counts as one more node that is not common. Less is
            nearer, so one large part makes a smaller difference than many small ones.
    """

    name: str
    distance: float
    extra: Path
    missing: Path
    common: Node
    rank: float


def delete_parts(program: Node) -> Iterator[tuple[Node, Deletion]]:
    """Yield each deletion of one part of a program's tree, after the tree that remains."""
    for whole in _places(program):
        for kept, removed in _shorter(whole):
            replaced = [replace(tree, {whole: kept}) for tree in program.children]
            news = {f"s{i}": tree for i, tree in enumerate(replaced[1:])}
            yield arrange(replaced[0], news), Deletion(program, whole, kept, removed)


def _places(program: Node) -> Iterator[Node]:
    """Yield the parts that may lose something: in a large tree, only those near its root."""
    if program.size <= MAX_PROGRAM_SIZE:
        yield from itertools.islice(program.parts(), 1, None)
        return
    level = dict.fromkeys(program.children)
    for _ in range(MAX_LEVELS):
        yield from itertools.islice(level, MAX_PLACES)
        level = dict.fromkeys(child for part in level for child in part.children)


def _shorter(node: Node) -> Iterator[tuple[Node, Node | None]]:
    if node.label in (SUMS, PRODUCT):
        for i, child in enumerate(node.children):
            yield build(node.label, node.children[:i] + node.children[i + 1 :]), child
    elif node.children:
        yield node.children[0], None


def reduce_known(tree: Node) -> dict[Node, Path]:
    """Return the trees that a known optimizer becomes after up to `MAX_MISSING` deletions.

    Each has the first path that leads to it.
    """
    paths: dict[Node, Path] = {tree: ()}
    for _ in range(MAX_MISSING if tree.size <= MAX_SIZE else 1):
        for start, path in list(paths.items()):
            for smaller, deletion in delete_parts(start):
                paths.setdefault(smaller, (*path, deletion))
    return paths


def least_distance(tree: Node, other: Node) -> float:
    """Return a lower bound on the distance of two trees: a deletion adds no label.

    The bound is 0 for large trees.
    """
    if max(tree.size, other.size) > MAX_PROGRAM_SIZE:
        return 0.0
    common = (_count_labels(tree) & _count_labels(other)).total()
    return 1 - 2 * common / (tree.size + other.size)


@functools.lru_cache(maxsize=256)
def _count_labels(tree: Node) -> Counter[str]:
    """Count the labels of a tree at all places; a deletion may give states other names."""
    is_state = not tree.children and tree.label.removeprefix(NEXT)[:1] == "s"
    own = Counter(["state" if is_state else tree.label])
    return sum(map(_count_labels, tree.children), own)


def find_nearest(program: Node, known: Mapping[str, dict[Node, Path]]) -> CommonTree | None:
    """Find the known optimizer that has most in common with a program.

    The search is best-first: it deletes parts of the largest waiting tree.

    Args:
        program: tree of the program.
        known: results of `reduce_known` by name; the first key of each is the known tree itself.

    Returns:
        The common tree of least rank, or None if the search finds none.
    """
    sizes = {name: next(iter(paths)).size for name, paths in known.items()}
    reductions: dict[Node, list[tuple[str, Path]]] = {}
    for name, paths in known.items():
        for smaller, path in paths.items():
            reductions.setdefault(smaller, []).append((name, path))
    best: CommonTree | None = None
    numbers = itertools.count()
    waiting: list[tuple[int, int, Node, Path]] = []
    visited: set[Node] = set()

    def visit(tree: Node, path: Path) -> None:
        nonlocal best
        visited.add(tree)
        heapq.heappush(waiting, (-tree.size, next(numbers), tree, path))
        for name, missing in reductions.get(tree, ()):
            both = program.size + sizes[name]
            distance = 1 - 2 * tree.size / both
            rank = distance + (len(path) + len(missing)) / both
            if best is None or rank < best.rank:
                best = CommonTree(name, distance, path, missing, tree, rank)

    visit(program, ())
    smallest_known = min(sizes.values())
    while waiting and len(visited) < MAX_TREES:
        negative_size, _, tree, path = heapq.heappop(waiting)
        # A known tree smaller than this one cannot contain it.
        largest = max(smallest_known, -negative_size)
        if best and best.rank <= 1 + 2 * negative_size / (program.size + largest):
            break
        if tree.size > MAX_PROGRAM_SIZE and tree is not program:
            continue
        for smaller, deletion in delete_parts(tree):
            if smaller not in visited:
                visit(smaller, (*path, deletion))
    return best
