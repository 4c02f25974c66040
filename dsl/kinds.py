"""Kinds of values: the domain of abstract execution over shapes."""

import enum
import itertools


class Kind(enum.IntEnum):
    """What a value looks like; the order is the order of broadcasting, so the join is `max`."""

    SCALAR = 0
    """One number."""
    PER_ARRAY = 1
    """One number for each array of the weights."""
    TREE = 2
    """Arrays shaped like the weights."""


_JOINS = {
    kinds: max(kinds, default=Kind.SCALAR)
    for length in range(4)
    for kinds in itertools.product(Kind, repeat=length)
}


def join(*kinds: Kind) -> Kind:
    """The kind of an elementwise function's result: its widest argument's."""
    return _JOINS[kinds]
