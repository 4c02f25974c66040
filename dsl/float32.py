"""Functions of constants, computed before anything runs, as the machine computes them."""

import struct

import numpy
import numpy as np

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


def number_text(value: float) -> str:
    """The shortest decimal that is the same float32."""
    return repr(float(str(numpy.float32(to_float32(value))))).replace("e+", "e")


def shortest(value: float) -> float:
    """The number with the fewest digits that is the same float32."""
    with np.errstate(over="ignore"):
        return float(str(np.float32(value)))
