"""Values of recorded individuals, read at first use."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class Recorded(dict[int, T]):
    """Values by number of an individual; those of earlier sessions are read at first use.

    To parse a program takes longer than to look it up, and few candidate parents become parents.
    Lazy reading keeps resuming fast with a lag of many thousands. It also finds parents on the
    front, which left the population long ago.

    Args:
        read: returns the value of a recorded individual.
    """

    def __init__(self, read: Callable[[int], T]):
        super().__init__()
        self._read = read

    def __missing__(self, index: int) -> T:
        self[index] = value = self._read(index)
        return value
