"""Rounding to float32, the bits of a float32, and its shortest decimal."""

import struct

import numpy as np

_FLOAT32 = struct.Struct("<f")
SMALLEST_NORMAL = 1.1754943508222875e-38
LARGEST = 3.4028234663852886e38


def to_bits(value: float) -> bytes:
    """Return the four bytes of the nearest float32.

    Raises:
        OverflowError: the nearest float32 is infinite, and the value is not.
    """
    return _FLOAT32.pack(value)


def to_float32(value: float) -> float:
    """Return the nearest float32; large values become infinite, subnormals zero, as in XLA."""
    try:
        value = _FLOAT32.unpack(_FLOAT32.pack(value))[0]
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")
    is_subnormal = abs(value) < SMALLEST_NORMAL
    return 0.0 * value if is_subnormal else value


def shortest(value: float) -> float:
    """Return the number with the fewest digits that rounds to the same float32."""
    with np.errstate(over="ignore"):
        return float(str(np.float32(value)))


def number_text(value: float) -> str:
    """Return the shortest decimal of a float32 as text; subnormals are zeros."""
    return repr(shortest(to_float32(value))).replace("e+", "e")
