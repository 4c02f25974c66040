"""Which known optimizer a program is, up to its constants, or is nearest to."""

import enum
import functools
from typing import NamedTuple

from lionhunt.dsl import library
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
"""Programs of the library that are Lion before it was simplified: no optimizers of their own."""

MAX_DISTANCE = 0.35
"""Distance up to which a program is a known one with changes. Lion as it was found is at 0.18; of
150 programs of 60 random mutations on one statement none is below 0.43, and of 60 programs of 3
mutations on AdamW or Lion three in four are below 0.38."""


class Likeness(enum.StrEnum):
    """How near a program is to a known one."""

    SAME = "same"
    """The same up to constants."""
    CHANGED = "changed"
    """The same, but for a few parts."""
    UNLIKE = "unlike"
    """Unlike anything known."""


class Classification(NamedTuple):
    """What is known of a program's family.

    Attributes:
        likeness: how near it is to the nearest known optimizers.
        optimizers: their names; several if they are the same up to constants; none if nothing
            was found that they have in common with the program.
        distance: from 0, the same, to 1, nothing in common.
        differences: phrases.
        constants: the program's own, by role.
    """

    likeness: Likeness
    optimizers: tuple[str, ...]
    distance: float
    differences: tuple[str, ...]
    constants: dict[str, float]


def classify(program: Program, notes: ProgramDoc | None = None) -> Classification:
    """Names the known optimizers that a valid program is nearest to.

    Args:
        program: of which one wants to know it.
        notes: names for its constants; others are named by their role.
    """
    tree = make_skeleton(program)
    trees, parts = _known()
    found = find_nearest(tree, {name: known.size for name, known in trees.items()}, parts)
    distance = found.distance if found else 1.0
    likeness = Likeness.UNLIKE
    if distance <= MAX_DISTANCE:
        likeness = Likeness.CHANGED if distance else Likeness.SAME
    constants = name_constants(trace(program), notes or ProgramDoc()).constants
    return Classification(
        likeness,
        tuple(name for name in trees if found and trees[name] == trees[found.name]),
        distance,
        tuple(describe_differences(found)) if found else (),
        {constant.name: float(number_text(constant.value)) for constant in constants},
    )


def same_up_to_constants() -> list[tuple[str, ...]]:
    """The groups of known optimizers that differ in constants alone."""
    trees, _ = _known()
    groups = (tuple(name for name in trees if trees[name] == tree) for tree in trees.values())
    return [group for group in dict.fromkeys(groups) if len(group) > 1]


@functools.cache
def _known() -> tuple[dict[str, Node], dict[Node, list[tuple[str, Path]]]]:
    """The trees of the known optimizers by name, and what is left of them after deletions."""
    names = (name for name in library.names() if name not in UNSIMPLIFIED_LION)
    trees = {name: make_skeleton(library.load(name)) for name in names}
    return trees, reduce_known(trees)
