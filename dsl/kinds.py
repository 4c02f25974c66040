"""Kinds of values: the domain of abstract execution over shapes."""

import enum
import itertools


class Kind(enum.IntEnum):
    """The shape of a value; kinds are ordered by broadcasting, so `max` joins them."""

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
    """Return the kind of an elementwise result: the widest kind of up to three arguments."""
    return _JOINS[kinds]
