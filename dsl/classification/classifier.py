"""Classifier: the known optimizer that a program equals up to constants, or is nearest to."""

import enum
import functools
import math
from typing import NamedTuple

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.classification.convention import constants_as_in
from lionhunt.dsl.classification.differences import describe_differences
from lionhunt.dsl.classification.nearest import (
    CommonTree,
    Path,
    find_nearest,
    least_distance,
    reduce_known,
)
from lionhunt.dsl.classification.skeletons import make_skeleton
from lionhunt.dsl.classification.tree import Node
from lionhunt.dsl.export.constant_names import name_constants
from lionhunt.dsl.export.dataflow import trace
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc

UNSIMPLIFIED_LION = ("discovered_lion", "raw_lion")
"""Programs of the library that simplify to Lion; they count as no optimizers of their own."""

MAX_DISTANCE = 0.35
"""Largest distance of a program that counts as a known one with changes.

The discovered Lion is at 0.18. 60 random insertions and changes of a momentum made 79 programs with
trees of 12 to 200 nodes. 5 of these are nearer; the median is at 0.85.
Of 60 programs from 3 mutations of AdamW or Lion, half are nearer.
"""


NUM_CANDIDATES = 8
"""Known optimizers that are compared even if they are farther: the likeliest, and the smallest."""
NUM_FIRST = 4
"""Known optimizers that are compared first."""
MATRIX_PRODUCT = "gram"
MAX_SMALL = 10_000
"""Limit on the nodes of a known optimizer's tree without products of matrices."""
MAX_SIZE = 100
"""Limit on the nodes of a tree whose constants are converted; some 50 trials build it again."""


class Likeness(enum.StrEnum):
    """Degree of likeness of a program and its nearest known optimizer."""

    SAME = "same"
    """Equal up to constants."""
    CHANGED = "changed"
    """Equal except for a few parts."""
    UNLIKE = "unlike"
    """Unlike every known optimizer."""


class Classification(NamedTuple):
    """Nearest known optimizers of a program.

    Attributes:
        likeness: likeness of the program and these optimizers.
        optimizers: their names. There are several if they are equal up to constants, and none if
            the search found no common part.
        distance: from 0 (equal) to 1 (nothing in common).
        differences: phrases that describe the differences.
        constants: constants by role. If the program equals a known optimizer up to constants, they
            are in its convention; else they are the program's own.
    """

    likeness: Likeness
    optimizers: tuple[str, ...]
    distance: float
    differences: tuple[str, ...]
    constants: dict[str, float]


def classify(program: Program, notes: ProgramDoc | None = None) -> Classification:
    """Find the known optimizers that are nearest to a program.

    Args:
        program: valid program.
        notes: docstring of the program with names of constants; others are named by role.

    Example:
        >>> classify(library.load("raw_lion")).optimizers
        ('lion',)
    """
    tree = make_skeleton(program)
    trees = {name: _known_tree(name) for name in _comparable(program, tree)}
    bounds = {name: least_distance(tree, known) for name, known in trees.items()}
    # All that may be within the largest distance, and some more, of which one is the nearest.
    some = sorted(trees, key=lambda name: bounds[name])[:NUM_CANDIDATES]
    some += sorted(trees, key=lambda name: trees[name].size)[:NUM_CANDIDATES]
    candidates = [name for name in trees if bounds[name] <= MAX_DISTANCE or name in some]
    nearest = _find_nearest(tree, {name: bounds[name] for name in candidates})
    distance = nearest.distance if nearest else 1.0
    likeness = Likeness.UNLIKE
    if distance <= MAX_DISTANCE:
        likeness = Likeness.CHANGED if distance else Likeness.SAME
    optimizers = tuple(name for name in trees if nearest and trees[name] == trees[nearest.name])
    named = name_constants(trace(program), notes or ProgramDoc()).constants
    constants = {constant.name: float(number_text(constant.value)) for constant in named}
    if likeness is Likeness.SAME and tree.size <= MAX_SIZE:
        fitting = (constants_as_in(name, program, constants) for name in optimizers)
        constants = next((each for each in fitting if each is not None), constants)
    return Classification(
        likeness,
        optimizers,
        distance,
        tuple(describe_differences(nearest)) if nearest else (),
        constants,
    )


def _find_nearest(tree: Node, bounds: dict[str, float]) -> CommonTree | None:
    """Return the common tree with the nearest of some known optimizers.

    The likeliest are compared first. To prepare an optimizer takes a while. So those are left out
    whose bounds say that they are farther.

    Args:
        tree: of the program.
        bounds: lower bound on the distance, by name.
    """
    first = sorted(bounds, key=lambda name: bounds[name])[:NUM_FIRST]
    nearest = find_nearest(tree, {name: _reductions(name) for name in first})
    limit = math.inf if nearest is None else nearest.rank
    wanted = [name for name in bounds if bounds[name] < limit or name in first]
    if len(wanted) > len(first):
        nearest = find_nearest(tree, {name: _reductions(name) for name in wanted})
    return nearest


def _comparable(program: Program, tree: Node) -> list[str]:
    """Return the names of the known optimizers that can be near a program.

    Optimizers with products of matrices have trees of millions of nodes; all others are small.
    """
    names = [name for name in library.names() if name not in UNSIMPLIFIED_LION]
    is_large = tree.size > MAX_SMALL and _multiplies_matrices(program)
    return [name for name in names if _known_multiplies_matrices(name) == is_large]


def _multiplies_matrices(program: Program) -> bool:
    return any(statement.op == MATRIX_PRODUCT for statement in simplify(program).statements)


@functools.cache
def _known_multiplies_matrices(name: str) -> bool:
    return _multiplies_matrices(library.load(name))


@functools.cache
def _known_tree(name: str) -> Node:
    return make_skeleton(library.load(name))


@functools.cache
def _reductions(name: str) -> dict[Node, Path]:
    return reduce_known(_known_tree(name))
