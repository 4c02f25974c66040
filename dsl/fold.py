"""Functions of constants, computed before anything runs, as the machine computes them."""

import struct

import numpy

from dsl.ops import OPS
from dsl.spaces import Numbers

_FLOAT32 = struct.Struct("<f")


def to_bits(value: float) -> bytes:
    """The float32 nearest to a number, as its four bytes; what is too large is refused."""
    return _FLOAT32.pack(value)


def to_float32(value: float) -> float:
    """The nearest float32 (infinity where it is too large), subnormals flushed as XLA does."""
    try:
        value = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    return value if abs(value) >= 1.1754943508222875e-38 or value != value else 0.0 * value


class _RoundedNumpy:
    """NumPy whose functions compute in float64 and round to float32.

    So their values are correctly rounded and the same on every machine, where a float32 library
    may be off by a unit in the last place; plain arithmetic on float32 is so anyway.
    """

    def __getattr__(self, name: str):
        function = getattr(numpy, name)
        return lambda *xs: self.float32(function(*map(numpy.float64, xs)))

    @staticmethod
    def float32(x):
        return numpy.float32(to_float32(float(x)))

    @staticmethod
    def where(condition, x, y):
        return x if condition else y


_folded: dict[tuple, float] = {}
_NUMBERS = Numbers(_RoundedNumpy())


def fold(name: str, *constants: float) -> float:
    """A function of constants, step by step in float32 as the machine computes it."""
    key = (name, *map(to_bits, constants))
    value = _folded.get(key)
    if value is None:
        with numpy.errstate(all="ignore"):
            args = [numpy.float32(constant) for constant in constants]
            value = to_float32(float(OPS[name].evaluate(_NUMBERS, *args)))
        if len(_folded) < 100_000:
            _folded[key] = value
    return value
