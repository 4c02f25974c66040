"""Constant folding: functions of constants, computed before anything runs."""

import numpy as np

from lionhunt.dsl.backends import ScalarBackend
from lionhunt.dsl.float32 import to_bits, to_float32
from lionhunt.dsl.op_table import OPS


class _RoundedNumpy:
    """NumPy functions that compute in float64 and round to float32.

    Their values are correctly rounded and the same on every machine. A float32 library may be off
    by a unit in the last place; only its plain arithmetic is exact.
    """

    def __getattr__(self, name: str):
        function = getattr(np, name)
        return lambda *xs: self.float32(function(*map(np.float64, xs)))

    @staticmethod
    def float32(x):
        return np.float32(to_float32(float(x)))

    @staticmethod
    def where(condition, x, y):
        return x if condition else y


class _PreciseNumpy:
    """NumPy functions in float64; the constants of the op table keep their digits."""

    float32 = np.float64

    def __getattr__(self, name: str):
        return getattr(np, name)


MAX_CACHED = 16_384
"""Results that are cached. A full cache begins anew: later programs have other constants."""

_cache: dict[tuple, float] = {}
_BACKEND = ScalarBackend(_RoundedNumpy())
_PRECISE_BACKEND = ScalarBackend(_PreciseNumpy())


def fold(name: str, *constants: float) -> float:
    """Return a function of constants, rounded to float32 after each operation.

    A function of the user is rounded at its end alone.
    """
    op = OPS[name]
    key = (op.full_name, *map(to_bits, constants))
    value = _cache.get(key)
    if value is None:
        if op.own:
            value = to_float32(fold_precisely(name, *constants))
        else:
            with np.errstate(all="ignore"):
                args = [np.float32(constant) for constant in constants]
                value = to_float32(float(op.evaluate(_BACKEND, *args)))
        if len(_cache) == MAX_CACHED:
            _cache.clear()
        _cache[key] = value
    return value


def fold_precisely(name: str, *constants: float) -> float:
    """Return a function of constants in float64, for arithmetic wider than float32."""
    with np.errstate(all="ignore"):
        args = [np.float64(constant) for constant in constants]
        return float(OPS[name].evaluate(_PRECISE_BACKEND, *args))
