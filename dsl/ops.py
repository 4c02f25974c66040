"""The op table: every function of the language, one row each.

A row is the only place that knows what a function means. Its concrete rule is written once, over a
`Space`, and serves the interpreter (trees of arrays), the machine (flat rows) and the folding of
constants (numbers): see `dsl.backends`. Its kind rule serves abstract execution.

Subnormal numbers count as the zeros of their sign, as XLA has it.

Functions and protections follow Chen et al., 2023 (arXiv:2302.06675), appendix H, and the authors'
code: `a / b` is `a / (b + 1e-8)`; sqrt, log, log2 and log10 act on |x|, log1p is log|1 + x|; the
rest are the plain functions, so they may return NaN and infinity. Neither the paper nor the code
tells whether dot and cosine_sim reduce per array; here they see the whole tree, as clip does, and
norm alone is per array.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

from lionhunt.dsl.kinds import Kind, join

EPS = 1e-8


class Backend(Protocol):
    """Where values live: how an array function and a sum act on them."""

    np: Any
    """The array module, numpy or jax.numpy."""

    def lift(self, function: Callable[..., Any], *values: Any) -> Any:
        """Applies an elementwise function, broadcasting upwards."""
        ...

    def per_array(self, value: Any) -> Any:
        """Sums each array."""
        ...

    def total(self, value: Any) -> Any:
        """Sums everything."""
        ...

    def mean(self, value: Any, axis: int) -> Any:
        """Replaces each number by the mean of its row (axis -1) or of its column (axis -2)."""
        ...

    def broadcast(self, *values: Any) -> tuple[Any, ...]:
        """Brings values to the widest of their kinds."""
        ...


@dataclasses.dataclass(frozen=True)
class Op:
    """One function of the language.

    Attributes:
        name: the word in program text.
        arity: number of arguments.
        meaning: its formula in NumPy's words, of arguments x, y, a; true of every float32, zeros,
            infinities and NaN included.
        evaluate: concrete rule: a space and the arguments, one value out; pure and jittable.
        note: what the formula does not tell at first sight: over what a reduction goes, where the
            value is NaN or infinite, which zero it is.
        infer: kind rule: argument kinds in, the result's kind out.
        symbol: the infix sign it prints with, if any.
        alias: another word that the parser takes.
        commutative: the order of the first two arguments does not matter, bit for bit.
        scalar_argument: position of the argument that must be a scalar, if any.
        reduces: it sees whole arrays, not elements.
        drawn: search draws it unless told otherwise (the paper's functions).
    """

    name: str
    arity: int
    meaning: str
    evaluate: Callable[..., Any]
    note: str = ""
    infer: Callable[..., Kind] = join
    symbol: str | None = None
    alias: str | None = None
    commutative: bool = False
    scalar_argument: int | None = None
    reduces: bool = False
    drawn: bool = True


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda space, *values: space.lift(lambda *xs: function(space.np, *xs), *values)


def _unary(name: str, meaning: str, function: Callable[..., Any], **properties) -> Op:
    return Op(name, 1, meaning, _elementwise(function), **properties)


def _binary(name: str, meaning: str, function: Callable[..., Any], **properties) -> Op:
    return Op(name, 2, meaning, _elementwise(function), **properties)


def _constant(name: str, value: float) -> Op:
    return Op(name, 0, repr(value), lambda space: space.lift(lambda: space.np.float32(value)))


def _reduction(name: str, arity: int, meaning: str, evaluate: Callable[..., Any], **properties):
    return Op(name, arity, meaning, evaluate, reduces=True, **properties)


def _square(x):
    return x * x


def _norm(space, x):
    return space.lift(space.np.sqrt, space.per_array(space.lift(_square, x)))


def _global_norm(space, x):
    return space.lift(space.np.sqrt, space.total(space.lift(_square, x)))


def _dot(space, x, y):
    return space.total(space.lift(lambda a, b: a * b, x, y))


def _cosine_sim(space, x, y):
    x, y = space.broadcast(x, y)
    lengths = space.lift(lambda a, b: a * b + EPS, _global_norm(space, x), _global_norm(space, y))
    return space.lift(lambda a, b: a / b, _dot(space, x, y), lengths)


def _clip(space, x, limit):
    def scale(norm, limit):
        return space.np.where(norm > limit, limit / norm, space.np.float32(1))

    factor = space.lift(scale, _global_norm(space, x), limit)
    return space.lift(lambda a, b: a * b, x, factor)


def _array_mean(space, x):
    count = space.per_array(space.lift(space.np.ones_like, x))
    return space.lift(lambda a, n: a / space.np.maximum(n, 1), space.per_array(x), count)


def _at_most_per_array(kind: Kind) -> Kind:
    return min(kind, Kind.PER_ARRAY)


def _to_scalar(*kinds: Kind) -> Kind:
    return Kind.SCALAR


_NAN_AT_INF = "NaN of an infinity"
_NAN_ABOVE_1 = "NaN where |x| > 1"
_OF_POWER = "NaN where x < 0 and y is no integer; 1 where y = 0; takes subnormals as they are"
_INF_AT_0 = "-infinity at 0"
_OF_ALL = "of all arrays together"
_MATRICES = "the last two axes are a matrix, a vector is one column"

OPS: dict[str, Op] = {
    op.name: op
    for op in (
        # unary
        _unary("abs", "abs(x)", lambda np, x: np.abs(x)),
        _unary("cos", "cos(x)", lambda np, x: np.cos(x), note=_NAN_AT_INF),
        _unary("sin", "sin(x)", lambda np, x: np.sin(x), note=_NAN_AT_INF),
        _unary("tan", "tan(x)", lambda np, x: np.tan(x), note=_NAN_AT_INF),
        _unary("arcsin", "arcsin(x)", lambda np, x: np.arcsin(x), note=_NAN_ABOVE_1),
        _unary("arccos", "arccos(x)", lambda np, x: np.arccos(x), note=_NAN_ABOVE_1),
        _unary("arctan", "arctan(x)", lambda np, x: np.arctan(x)),
        _unary("exp", "exp(x)", lambda np, x: np.exp(x)),
        _unary("log", "log(abs(x))", lambda np, x: np.log(np.abs(x)), note=_INF_AT_0),
        _unary("sinh", "sinh(x)", lambda np, x: np.sinh(x)),
        _unary("cosh", "cosh(x)", lambda np, x: np.cosh(x)),
        _unary("tanh", "tanh(x)", lambda np, x: np.tanh(x)),
        _unary("arcsinh", "arcsinh(x)", lambda np, x: np.arcsinh(x)),
        _unary("arccosh", "arccosh(x)", lambda np, x: np.arccosh(x), note="NaN below 1"),
        _unary("arctanh", "arctanh(x)", lambda np, x: np.arctanh(x), note=_NAN_ABOVE_1),
        _unary("sign", "sign(x)", lambda np, x: np.sign(x), note="-0 of -0, NaN of NaN"),
        _unary("exp2", "exp2(x)", lambda np, x: np.exp2(x)),
        _unary("exp10", "power(10, x)", lambda np, x: np.power(np.float32(10), x)),
        _unary("expm1", "expm1(x)", lambda np, x: np.expm1(x)),
        _unary("log10", "log10(abs(x))", lambda np, x: np.log10(np.abs(x)), note=_INF_AT_0),
        _unary("log2", "log2(abs(x))", lambda np, x: np.log2(np.abs(x)), note=_INF_AT_0),
        _unary("log1p", "log(abs(1 + x))", lambda np, x: np.log(np.abs(1 + x))),
        _unary("square", "x * x", lambda np, x: x * x),
        _unary("sqrt", "sqrt(abs(x))", lambda np, x: np.sqrt(np.abs(x))),
        _unary("cube", "x * x * x", lambda np, x: x * x * x),
        _unary("cbrt", "cbrt(x)", lambda np, x: np.where(x == 0, x, np.cbrt(x))),
        _unary("reciprocal", "1 / x", lambda np, x: 1 / x, note="infinite at 0, unlike 1 / x"),
        # binary
        _binary("add", "x + y", lambda np, x, y: x + y, symbol="+", commutative=True),
        _binary("subtract", "x - y", lambda np, x, y: x - y, symbol="-"),
        _binary("multiply", "x * y", lambda np, x, y: x * y, symbol="*", commutative=True),
        _binary("divide", "x / (y + 1e-8)", lambda np, x, y: x / (y + EPS), symbol="/"),
        _binary("power", "power(x, y)", lambda np, x, y: np.power(x, y), note=_OF_POWER),
        _binary(
            "max",
            "maximum(x, y)",
            lambda np, x, y: np.maximum(x, y),
            alias="maximum",
            commutative=True,
            note="NaN if either is; 0 is above -0",
        ),
        _binary(
            "min",
            "minimum(x, y)",
            lambda np, x, y: np.minimum(x, y),
            alias="minimum",
            commutative=True,
            note="NaN if either is; -0 is below 0",
        ),
        # linear algebra
        _reduction(
            "norm", 1, "sqrt(sum(x * x))", _norm, note="of each array", infer=_at_most_per_array
        ),
        _reduction(
            "global_norm", 1, "sqrt(sum(x * x))", _global_norm, note=_OF_ALL, infer=_to_scalar
        ),
        _reduction("dot", 2, "sum(x * y)", _dot, note=_OF_ALL, infer=_to_scalar, commutative=True),
        _reduction(
            "cosine_sim",
            2,
            "sum(x * y) / (sqrt(sum(x * x)) * sqrt(sum(y * y)) + 1e-8)",
            _cosine_sim,
            note=_OF_ALL,
            infer=_to_scalar,
            commutative=True,
        ),
        _reduction(
            "clip",
            2,
            "x * where(sqrt(sum(x * x)) > y, y / sqrt(sum(x * x)), 1)",
            _clip,
            note="by the norm of all arrays together",
            alias="clip_by_global_norm",
            scalar_argument=1,
        ),
        Op(
            "interp",
            3,
            "(1 - a) * x + a * y",
            _elementwise(lambda np, x, y, a: (1 - a) * x + a * y),
            note="a is not bounded; compiled as one multiply-add, whose product is not rounded",
            alias="interpolate",
            scalar_argument=2,
        ),
        # constants
        _constant("get_pi", 3.141592653589793),
        _constant("get_e", 2.718281828459045),
        _constant("get_eps", EPS),
        # beyond the paper's 43, for describing known optimizers
        _unary("negative", "-x", lambda np, x: -x, drawn=False),
        _reduction(
            "row_mean",
            1,
            "mean(x, -1, keepdims=True)",
            lambda space, x: space.mean(x, -1),
            note=f"of each row of each array, in its place; {_MATRICES}",
            drawn=False,
        ),
        _reduction(
            "column_mean",
            1,
            "mean(x, -2, keepdims=True)",
            lambda space, x: space.mean(x, -2),
            note=f"of each column of each array, in its place; {_MATRICES}",
            drawn=False,
        ),
        _reduction(
            "array_mean",
            1,
            "mean(x)",
            _array_mean,
            note="of each array",
            infer=_at_most_per_array,
            drawn=False,
        ),
    )
}

WORDS: dict[str, Op] = OPS | {op.alias: op for op in OPS.values() if op.alias}
"""Every word that names a function in program text."""

SYMBOLS: dict[str, Op] = {op.symbol: op for op in OPS.values() if op.symbol}
