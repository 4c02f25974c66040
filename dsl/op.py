"""A row of the op table: all that is known of one function of the language."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from lionhunt.dsl.kinds import Kind, join
from lionhunt.errors import LionhuntError

SignRule = Callable[[Sequence[Any], Sequence[bool], Sequence[float | None]], bool]
"""Tells whether a result is known to be non-negative (or NaN).

It takes the arguments, whether each is known to be non-negative, and the number that each is.
The number is None for an argument that is no constant.
"""


class FunctionError(LionhuntError, ValueError):
    """A function of the user that cannot be a function of the language, or cannot be loaded."""


@dataclasses.dataclass(frozen=True)
class Own:
    """The attributes that only a function of the user has.

    Attributes:
        kind: the word that it was declared with.
        non_negative: its result is declared never to be negative.
        optax, torch: its expression for exported files, of x, y and a; empty if there is none.
        latex: its formula; empty to make it of the meaning.
        source: the file or module that declares it.
        digest: of that file and all that it may import; part of every fingerprint.
    """

    kind: str
    non_negative: bool = False
    optax: str = ""
    torch: str = ""
    latex: str = ""
    source: str = ""
    digest: str = ""


@dataclasses.dataclass(frozen=True)
class Op:
    """One function of the language.

    Attributes:
        name: the word in program text.
        arity: number of arguments, 0 to 3.
        meaning: its formula in NumPy, of arguments x, y, a. It holds for every float32: zeros,
            infinities and NaN included.
        evaluate: concrete rule: a backend and the arguments in, one value out; pure and jittable.
        note: facts that the formula hides: the extent of a reduction, where the value is NaN or
            infinite, the sign of a zero.
        infer: kind rule: argument kinds in, the result's kind out.
        non_negative: sign rule; None if the sign of the result is never known.
        symbol: the infix sign that it prints with, if any.
        alias: another word that the parser takes.
        commutative: swapping the first two arguments keeps every bit of the result.
        scalar_argument: position of the argument that must be a scalar, if any.
        reduces: it reads whole arrays, not single elements.
        group: a word that stands for it and its kin in a config; "paper" is for the paper's 43.
        products: products of matrices that it takes, each of min(rows, columns) multiply-adds for
            each number; 0 for work in proportion to the numbers.
        own: what a function of the user has beside; None for a built-in function.
    """

    name: str
    arity: int
    meaning: str
    evaluate: Callable[..., Any]
    note: str = ""
    infer: Callable[..., Kind] = join
    non_negative: SignRule | None = None
    symbol: str | None = None
    alias: str | None = None
    commutative: bool = False
    scalar_argument: int | None = None
    reduces: bool = False
    group: str | None = "paper"
    products: int = 0
    own: Own | None = None

    @property
    def full_name(self) -> str:
        """Return the name, with the digest of its source for a function of the user."""
        return self.name if self.own is None else f"{self.name}@{self.own.digest}"
