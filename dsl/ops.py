"""The built-in rows of the op table: one for each function of the language.

A row holds all that is known of a function. Its concrete rule is written once, over a backend
(see `dsl.backends`). It serves the interpreter (trees of arrays), the machine (flat rows) and
constant folding (numbers). Its kind rule and its sign rule serve abstract execution.

Subnormal numbers count as zeros of their sign, as in XLA.

Functions and protections follow Chen et al., 2023 (arXiv:2302.06675), appendix H, and the authors'
code. `a / b` is `a / (b + 1e-8)`. The functions sqrt, log, log2 and log10 act on |x|, and log1p is
log|1 + x|. The other functions are unprotected, so they may return NaN and infinity.

Neither the paper nor the code says whether dot and cosine_sim reduce per array. Here they reduce
over the whole tree, as clip does, and only norm reduces per array.
"""

from collections.abc import Callable, Iterator
from typing import Any

from lionhunt.dsl.kinds import Kind, join
from lionhunt.dsl.op import Op, SignRule

EPS = 1e-8
"""The guard that is added to a divisor."""


def _elementwise(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda backend, *values: backend.map(lambda *xs: function(backend.np, *xs), *values)


def _unary(name: str, meaning: str, function, non_negative: SignRule | None = None, **others) -> Op:
    return Op(name, 1, meaning, _elementwise(function), non_negative=non_negative, **others)


def _binary(
    name: str, meaning: str, function, non_negative: SignRule | None = None, **others
) -> Op:
    return Op(name, 2, meaning, _elementwise(function), non_negative=non_negative, **others)


def _constant(name: str, value: float) -> Op:
    return Op(name, 0, repr(value), lambda backend: backend.map(lambda: backend.np.float32(value)))


def _reduction(name, arity: int, meaning, note, evaluate, infer, non_negative, **others) -> Op:
    rules = {"infer": infer, "non_negative": non_negative}
    return Op(name, arity, meaning, evaluate, note, reduces=True, **rules, **others)


def _square(x):
    return x * x


def _norm(backend, x, axis=None):
    def total(array, axis):
        return backend.np.sum(array, axis, keepdims=True)

    squares = backend.map(_square, x)
    return backend.map(backend.np.sqrt, backend.reduce(total, squares, axis))


def _global_norm(backend, x):
    return backend.map(backend.np.sqrt, backend.total(backend.map(_square, x)))


def _dot(backend, x, y):
    return backend.total(backend.map(lambda a, b: a * b, x, y))


def _cosine_sim(backend, x, y):
    x, y = backend.broadcast(x, y)
    lengths = backend.map(
        lambda a, b: a * b + EPS, _global_norm(backend, x), _global_norm(backend, y)
    )
    return backend.map(lambda a, b: a / b, _dot(backend, x, y), lengths)


def _clip(backend, x, limit):
    def scale(norm, limit):
        return backend.np.where(norm <= limit, backend.np.float32(1), limit / norm)

    factor = backend.map(scale, _global_norm(backend, x), limit)
    return backend.map(lambda a, b: a * b, x, factor)


def _mean(backend, x, axis=None):
    def mean(array, axis):
        total = backend.np.sum(array, axis, keepdims=True)
        return total / max(backend.np.size(array) // max(backend.np.size(total), 1), 1)

    return backend.reduce(mean, x, axis)


def _largest(backend, x, axis=None):
    def largest(array, axis):
        # An array without numbers has no maximum.
        function = backend.np.max if backend.np.size(array) else backend.np.sum
        return function(array, axis, keepdims=True)

    return backend.reduce(largest, x, axis)


def _of_lines(word: str, meaning: str, function, non_negative: SignRule) -> Iterator[Op]:
    """Yield the reductions of each row and of each column."""
    for name, axis in (("row", -1), ("column", -2)):
        yield _reduction(
            f"{name}_{word}",
            1,
            meaning.replace("AXIS", str(axis)),
            f"of each {name} of each array, in its place; {_MATRICES}",
            lambda backend, x, axis=axis: function(backend, x, axis),
            join,
            non_negative,
            group="rows",
        )


def _of_array(name: str, meaning: str, function) -> Op:
    return _reduction(
        name, 1, meaning, "of each array", function, _per_array, _if_all, group="arrays"
    )


def _number(name: str, meaning: str, note: str, axis: int | None, group: str) -> Op:
    return _reduction(
        name,
        1,
        meaning,
        f"of each array; {note}1 of a number",
        lambda backend, x: backend.count(x, axis),
        _per_array,
        _always,
        group=group,
    )


def _per_array(kind: Kind) -> Kind:
    return min(kind, Kind.PER_ARRAY)


def _to_scalar(*kinds: Kind) -> Kind:
    return Kind.SCALAR


def _always(args, signs, numbers) -> bool:
    return True


def _if_all(args, signs, numbers) -> bool:
    return all(signs)


def _if_any(args, signs, numbers) -> bool:
    return any(signs)


def _if_first(args, signs, numbers) -> bool:
    return signs[0]


def _if_product(args, signs, numbers) -> bool:
    return all(signs) or args[0] == args[1]


def _if_both_cases(args, signs, numbers) -> bool:
    return signs[1] and signs[2]


def _if_average(args, signs, numbers) -> bool:
    weight = numbers[2]
    return all(signs) and weight is not None and weight <= 1


_NAN_AT_INF = "NaN of an infinity"
_NAN_ABOVE_1 = "NaN where |x| > 1"
_OF_POWER = "NaN where x < 0 and y is no integer; 1 where y = 0; takes subnormals as they are"
_INF_AT_0 = "-infinity at 0"
_OF_ALL = "of all arrays together"
_MATRICES = "the last two axes are a matrix, a vector is one column"

BUILT_IN: dict[str, Op] = {
    op.name: op
    for op in (
        # unary
        _unary("abs", "abs(x)", lambda np, x: np.abs(x), _always),
        _unary("cos", "cos(x)", lambda np, x: np.cos(x), note=_NAN_AT_INF),
        _unary("sin", "sin(x)", lambda np, x: np.sin(x), note=_NAN_AT_INF),
        _unary("tan", "tan(x)", lambda np, x: np.tan(x), note=_NAN_AT_INF),
        _unary("arcsin", "arcsin(x)", lambda np, x: np.arcsin(x), _if_all, note=_NAN_ABOVE_1),
        _unary("arccos", "arccos(x)", lambda np, x: np.arccos(x), _always, note=_NAN_ABOVE_1),
        _unary("arctan", "arctan(x)", lambda np, x: np.arctan(x), _if_all),
        _unary("exp", "exp(x)", lambda np, x: np.exp(x), _always),
        _unary("log", "log(abs(x))", lambda np, x: np.log(np.abs(x)), note=_INF_AT_0),
        _unary("sinh", "sinh(x)", lambda np, x: np.sinh(x), _if_all),
        _unary("cosh", "cosh(x)", lambda np, x: np.cosh(x), _always),
        _unary("tanh", "tanh(x)", lambda np, x: np.tanh(x), _if_all),
        _unary("arcsinh", "arcsinh(x)", lambda np, x: np.arcsinh(x), _if_all),
        _unary("arccosh", "arccosh(x)", lambda np, x: np.arccosh(x), _always, note="NaN below 1"),
        _unary("arctanh", "arctanh(x)", lambda np, x: np.arctanh(x), _if_all, note=_NAN_ABOVE_1),
        _unary("sign", "sign(x)", lambda np, x: np.sign(x), _if_all, note="-0 of -0, NaN of NaN"),
        _unary("exp2", "exp2(x)", lambda np, x: np.exp2(x), _always),
        _unary("exp10", "power(10, x)", lambda np, x: np.power(np.float32(10), x), _always),
        _unary("expm1", "expm1(x)", lambda np, x: np.expm1(x), _if_all),
        _unary("log10", "log10(abs(x))", lambda np, x: np.log10(np.abs(x)), note=_INF_AT_0),
        _unary("log2", "log2(abs(x))", lambda np, x: np.log2(np.abs(x)), note=_INF_AT_0),
        _unary("log1p", "log(abs(1 + x))", lambda np, x: np.log(np.abs(1 + x)), _if_all),
        _unary("square", "x * x", lambda np, x: x * x, _always),
        _unary("sqrt", "sqrt(abs(x))", lambda np, x: np.sqrt(np.abs(x)), _always),
        _unary("cube", "x * x * x", lambda np, x: x * x * x, _if_all),
        _unary("cbrt", "cbrt(x)", lambda np, x: np.where(x == 0, x, np.cbrt(x)), _if_all),
        _unary(
            "reciprocal", "1 / x", lambda np, x: 1 / x, _if_all, note="infinite at 0, unlike 1 / x"
        ),
        # binary
        _binary("add", "x + y", lambda np, x, y: x + y, _if_all, symbol="+", commutative=True),
        _binary("subtract", "x - y", lambda np, x, y: x - y, symbol="-"),
        _binary(
            "multiply", "x * y", lambda np, x, y: x * y, _if_product, symbol="*", commutative=True
        ),
        _binary("divide", "x / (y + 1e-8)", lambda np, x, y: x / (y + EPS), _if_all, symbol="/"),
        _binary("power", "power(x, y)", lambda np, x, y: np.power(x, y), _if_first, note=_OF_POWER),
        _binary(
            "max",
            "maximum(x, y)",
            lambda np, x, y: np.maximum(x, y),
            _if_any,
            alias="maximum",
            commutative=True,
            note="NaN if either is; 0 is above -0",
        ),
        _binary(
            "min",
            "minimum(x, y)",
            lambda np, x, y: np.minimum(x, y),
            _if_all,
            alias="minimum",
            commutative=True,
            note="NaN if either is; -0 is below 0",
        ),
        # linear algebra
        _reduction("norm", 1, "sqrt(sum(x * x))", "of each array", _norm, _per_array, _always),
        _reduction(
            "global_norm", 1, "sqrt(sum(x * x))", _OF_ALL, _global_norm, _to_scalar, _always
        ),
        _reduction(
            "dot", 2, "sum(x * y)", _OF_ALL, _dot, _to_scalar, _if_product, commutative=True
        ),
        _reduction(
            "cosine_sim",
            2,
            "sum(x * y) / (sqrt(sum(x * x)) * sqrt(sum(y * y)) + 1e-8)",
            _OF_ALL,
            _cosine_sim,
            _to_scalar,
            _if_product,
            commutative=True,
        ),
        _reduction(
            "clip",
            2,
            "x * where(sqrt(sum(x * x)) <= y, 1, y / sqrt(sum(x * x)))",
            "by the norm of all arrays together; one NaN makes all numbers NaN, as in optax and "
            "in the authors' code",
            _clip,
            join,
            _if_all,
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
            non_negative=_if_average,
        ),
        # numbers
        _constant("get_pi", 3.141592653589793),
        _constant("get_e", 2.718281828459045),
        _constant("get_eps", EPS),
        # beyond the paper's 43: needed to describe known optimizers
        _unary("negative", "-x", lambda np, x: -x, group=None),
        *_of_lines("mean", "mean(x, AXIS, keepdims=True)", _mean, _if_all),
        _of_array("array_mean", "mean(x)", _mean),
        _number("rows", "shape(x)[-2]", f"{_MATRICES}; ", -2, "rows"),
        _number("columns", "shape(x)[-1]", f"{_MATRICES}; ", -1, "rows"),
        _number("size", "size(x)", "", None, "arrays"),
        _binary(
            "greater",
            "where(x > y, 1, 0)",
            lambda np, x, y: np.where(x > y, np.float32(1), np.float32(0)),
            _always,
            note="0 if either is NaN",
            group="choice",
        ),
        Op(
            "where",
            3,
            "where(x != 0, y, a)",
            _elementwise(lambda np, x, y, a: np.where(x != 0, y, a)),
            note="y where x is NaN",
            non_negative=_if_both_cases,
            group="choice",
        ),
        _reduction(
            "gram",
            2,
            "x @ swapaxes(x, -1, -2) @ y",
            f"of each matrix of each array; {_MATRICES}; square(x) * y of numbers",
            lambda backend, x, y: backend.gram(x, y),
            join,
            _if_all,
            group="matrix",
            products=2,
        ),
        *_of_lines("max", "max(x, AXIS, keepdims=True)", _largest, _if_all),
        _of_array("array_max", "max(x)", _largest),
        *_of_lines("norm", "sqrt(sum(x * x, AXIS, keepdims=True))", _norm, _always),
    )
}
