"""The trial of a rule before anything runs: on small arrays of NumPy, and on shapes of JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.dsl.functions.declaration import ARGUMENTS, KINDS, rule_of
from lionhunt.dsl.functions.expressions import AXIS, evaluate
from lionhunt.dsl.op import FunctionError, Op
from lionhunt.errors import LionhuntError

SHAPE = (2, 3)
"""The shape of the arrays; it has different sides."""
RESULTS = {"row": (2, 1), "column": (1, 3), "array": None}
"""The shape that a rule makes of such an array; None for one number in any shape."""
AXES = {"row": -1, "column": -2, "array": None}


def try_rule(op: Op) -> None:
    """Raise `FunctionError` if a rule raises, or makes another shape or dtype than its kind says.

    Args:
        op: a function of the user.
    """
    assert op.own is not None
    rule, place = rule_of(op), f"function '{op.name}'"
    with np.errstate(all="ignore"):
        if KINDS[op.own.kind].takes_axis:
            _try_reduction(op.own.kind, rule, place)
        else:
            _try_elementwise(rule, op.arity, place)
    if op.own.optax:
        _try_shapes(place, "its optax expression", op, _of_expression(op.own.optax, op))


def draw_arguments(arity: int, shape: tuple[int, ...] = SHAPE) -> list[np.ndarray]:
    """Return arrays of different numbers of both signs, dtype=float64."""
    rng = np.random.Generator(np.random.PCG64(7))
    return list(rng.uniform(0.25, 2.0, (arity, *shape)) * rng.choice([-1.0, 1.0], (arity, *shape)))


def _try_elementwise(rule: Callable[..., Any], arity: int, place: str) -> None:
    args = draw_arguments(arity)
    result = _call(place, "NumPy", lambda: rule(np, *args))
    _check_shape(place, result, SHAPE)
    one_by_one = [
        _call(place, "single numbers", lambda each=each: float(rule(np, *each)))
        for each in zip(*(arg.ravel() for arg in args), strict=True)
    ]
    if not np.allclose(np.ravel(result), one_by_one, rtol=1e-9, equal_nan=True):
        raise FunctionError(
            f"{place}: its result at one number depends on the others, so its kind is not "
            "'elementwise' or 'total'"
        )
    _try_jax(place, lambda *xs: rule(jnp, *xs), arity, SHAPE)
    _try_jax(place, lambda *xs: rule(jnp, *xs), arity, ())


def _try_reduction(kind: str, rule: Callable[..., Any], place: str) -> None:
    (array,), axis, shape = draw_arguments(1), AXES[kind], RESULTS[kind]
    result = np.asarray(_call(place, "NumPy", lambda: rule(np, array, axis)))
    if kind == "array":
        flat = np.asarray(_call(place, "NumPy", lambda: rule(np, array.ravel(), -1)))
        if result.size != 1 or flat.size != 1:
            raise FunctionError(
                f"{place}: kind 'array' needs one number for an array, not the shape "
                f"{result.shape}; reduce over the axis that the rule gets"
            )
        is_same = np.allclose(result.ravel(), flat.ravel(), rtol=1e-9, equal_nan=True)
    else:
        _check_shape(place, result, shape, " (keepdims=True keeps the axis)")
        first = array[:1] if kind == "row" else array[:, :1]
        one = np.asarray(_call(place, "NumPy", lambda: rule(np, first, axis)))
        is_same = np.allclose(one.ravel(), result.ravel()[:1], rtol=1e-9, equal_nan=True)
    if not is_same:
        raise FunctionError(f"{place}: its result for one {kind} depends on more than that {kind}")
    _call(place, "single numbers", lambda: float(np.ravel(rule(np, np.ones(1), -1))[0]))
    _try_jax(place, lambda x: rule(jnp, x, axis), 1, shape)


def _of_expression(text: str, op: Op) -> Callable[..., Any]:
    assert op.own is not None
    axis = {AXIS: AXES[op.own.kind]} if op.own.kind in AXES else {}

    def apply(*args: Any) -> Any:
        return evaluate(text, "jnp", jnp, {**dict(zip(ARGUMENTS, args, strict=False)), **axis})

    return apply


def _try_shapes(place: str, what: str, op: Op, apply: Callable[..., Any]) -> None:
    assert op.own is not None
    _try_jax(f"{place}: {what}", apply, op.arity, RESULTS.get(op.own.kind, SHAPE))


def _try_jax(
    place: str, apply: Callable[..., Any], arity: int, shape: tuple[int, ...] | None
) -> None:
    """Check shape and dtype on JAX without computing.

    Args:
        place: words for the function.
        apply: the rule over JAX.
        arity: number of arguments.
        shape: of the result, and of the arguments if they are numbers; None for one number.
    """
    arrays = [jax.ShapeDtypeStruct(() if shape == () else SHAPE, jnp.float32)] * arity
    found = _call(place, "JAX", lambda: jax.eval_shape(apply, *arrays))
    dtype = getattr(found, "dtype", None)
    if dtype != jnp.float32:
        raise FunctionError(
            f"{place}: it makes {dtype or type(found).__name__} of float32; make it float32, as "
            "np.where(x > 0, np.float32(1), np.float32(0)) is"
        )
    if shape is not None:
        _check_shape(place, found, shape)


def _check_shape(place: str, result: Any, expected: tuple[int, ...] | None, hint: str = "") -> None:
    shape = tuple(np.shape(result))
    if shape != expected:
        raise FunctionError(
            f"{place}: it makes the shape {shape} of arrays of shape {SHAPE}, not {expected}{hint}"
        )


def _call(place: str, where: str, apply: Callable[[], Any]) -> Any:
    try:
        return apply()
    except LionhuntError:
        raise
    # The code of the user may raise anything.
    except Exception as error:
        first = (str(error).strip().splitlines() or ["no message"])[0]
        raise FunctionError(
            f"{place}: it raised {type(error).__name__} on {where}: {first[:200]}"
        ) from None
