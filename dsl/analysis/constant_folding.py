"""TODO docstring."""

import numpy

from lionhunt.dsl.backends import ScalarBackend
from lionhunt.dsl.float32 import to_bits, to_float32
from lionhunt.dsl.ops import OPS


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


_NUMBERS = ScalarBackend(_RoundedNumpy())


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
