"""A compilation that lies ahead, so that processes can share the work."""

from collections.abc import Callable
from typing import NamedTuple


class Compilation(NamedTuple):
    """A function to be compiled.

    Attributes:
        name: the same in every process that compiles the same.
        compile: does so, by a call that computes little.
    """

    name: str
    compile: Callable[[], object]
