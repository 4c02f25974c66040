"""Agreement of two ways to compute a function of the user, on numbers that are often wrong."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.dsl.functions.declaration import ARGUMENTS, KINDS, rule_of
from lionhunt.dsl.functions.expressions import AXIS, evaluate
from lionhunt.dsl.functions.trial import AXES
from lionhunt.dsl.op import Op

TINY, LARGEST = 1.1754944e-38, 3.4028235e38
SPECIAL = (0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40, LARGEST, -LARGEST, TINY)
"""Zeros, NaN, infinities, subnormal, large and small numbers."""
USUAL = (1.0, -1.0, 0.5, -2.0, 3.0, 1e-8, -1e4, 1e20)
NUM_RANDOM = 40
TOLERANCE = 2e-5
"""Largest relative difference of two float32 results that count as equal."""
NEAR_ZERO = 16 * TINY
"""Results below it count as equal: some machines take subnormal numbers as zeros."""


def draw_numbers(arity: int) -> list[np.ndarray]:
    """Return the arguments at which results are compared; shape=(numbers,), dtype=float32.

    They are all combinations of special and usual numbers, up to a few thousand, and random ones.
    """
    rng = np.random.Generator(np.random.PCG64(11))
    numbers = [*SPECIAL, *USUAL]
    combined = np.array(list(itertools.product(numbers, repeat=arity)), np.float32)
    if len(combined) > 2000:
        combined = combined[rng.permutation(len(combined))[:2000]]
    scales = np.exp(rng.uniform(-10, 10, (NUM_RANDOM, arity)))
    random = (scales * rng.standard_normal((NUM_RANDOM, arity))).astype(np.float32)
    return list(np.ascontiguousarray(np.concatenate([combined, random]).T))


def difference(
    one: Any, other: Any, args: Sequence[np.ndarray], names: tuple[str, str]
) -> str | None:
    """Describe the first number at which two results differ; None if they agree.

    Args:
        one, other: the results.
        args: the arguments, each of the size of the results or a number; none if unknown.
        names: words for the results.
    """
    left, right = (np.asarray(x, np.float64).ravel() for x in (one, other))
    if left.shape != right.shape:
        return f"{names[0]} has {left.size} numbers, {names[1]} {right.size}"
    with np.errstate(all="ignore"):
        size = np.maximum(np.abs(left), np.abs(right))
        is_close = np.isfinite(size) & (np.abs(left - right) <= TOLERANCE * size + NEAR_ZERO)
        least = np.minimum(np.abs(left), np.abs(right))
    is_same = is_close | (left == right) | (np.isnan(left) & np.isnan(right))
    # Squares on the way overflow from the root of the largest number on, maybe on one side alone.
    is_same |= (least >= LARGEST**0.5) & np.isinf(size) & (np.sign(left) == np.sign(right))
    is_same |= (least >= 0.999 * LARGEST) & (np.sign(left) == np.sign(right))
    if is_same.all():
        return None
    first = int(np.argmin(is_same))
    at = ", ".join(
        f"{name} = {np.ravel(arg)[first if np.size(arg) > 1 else 0]:g}"
        for name, arg in zip(ARGUMENTS, args, strict=False)
    )
    place = f" at {at}" if at else ""
    return f"{names[0]} gives {left[first]:g}, {names[1]} {right[first]:g}{place}"


def arrays_of(op: Op) -> Iterator[list[np.ndarray]]:
    """Yield arguments of a rule, dtype=float32; those of a reduction are matrices.

    A row of a matrix has special numbers, or only usual ones.
    """
    assert op.own is not None
    if not KINDS[op.own.kind].takes_axis:
        yield draw_numbers(op.arity)
        return
    rng = np.random.Generator(np.random.PCG64(13))
    for numbers in (USUAL, (*USUAL, *SPECIAL[:2], *SPECIAL[5:7]), (*SPECIAL, *USUAL)):
        yield [rng.choice(np.array(numbers, np.float32), (4, 3))]
    yield [rng.standard_normal((3, 5)).astype(np.float32)]


def compare_expression(op: Op, module: str) -> str | None:
    """Describe where the expression for an export differs from the rule; None if nowhere.

    Args:
        op: a function of the user that has the expression.
        module: array module of the expression, "jnp" or "torch".
    """
    assert op.own is not None
    rule, text = rule_of(op), op.own.optax if module == "jnp" else op.own.torch
    axis = {AXIS: AXES[op.own.kind]} if op.own.kind in AXES else {}
    if op.own.kind == "array":
        axis = {AXIS: -1}
    to_module, library = _library(module)
    if library is None:
        return None
    for args in arrays_of(op):
        if op.own.kind == "array":
            args = [args[0].ravel()]
        expected = jax.jit(lambda *xs: rule(jnp, *xs, *axis.values()))(*args)
        values = dict(zip(ARGUMENTS, map(to_module, args), strict=False)) | axis
        try:
            found = np.asarray(evaluate(text, module, library, values))
        # The expression of the user may raise anything.
        except Exception as error:
            return f"it raised {type(error).__name__}: {(str(error).splitlines() or [''])[0][:200]}"
        names = ("the rule", "the expression")
        if problem := difference(expected, found, args if not axis else (), names):
            return problem
    return None


def _library(module: str) -> tuple[Callable[[Any], Any], Any]:
    """Return the conversion to an array library, and the library; None if it is not installed."""
    if module == "jnp":
        return jnp.asarray, jnp
    try:
        import torch
    except ImportError:
        return lambda x: x, None
    return torch.tensor, torch
