"""Classifier: the known optimizer that a program equals up to constants, or is nearest to."""

import enum
import functools
from typing import NamedTuple

from lionhunt.dsl import library
from lionhunt.dsl.classification.convention import constants_as_in
from lionhunt.dsl.classification.differences import describe_differences
from lionhunt.dsl.classification.nearest import Path, find_nearest, reduce_known
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

The discovered Lion is at 0.18. Of 150 programs from 60 random mutations of one statement, none is
below 0.43. Of 60 programs from 3 mutations of AdamW or Lion, three in four are below 0.38.
"""


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
    trees, reductions = _known_trees()
    sizes = {name: known.size for name, known in trees.items()}
    nearest = find_nearest(tree, sizes, reductions)
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


@functools.cache
def _known_trees() -> tuple[dict[str, Node], dict[Node, list[tuple[str, Path]]]]:
    """Return the trees of the known optimizers by name, and their reductions."""
    names = (name for name in library.names() if name not in UNSIMPLIFIED_LION)
    trees = {name: make_skeleton(library.load(name)) for name in names}
    return trees, reduce_known(trees)
