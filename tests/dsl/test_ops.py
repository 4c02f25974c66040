"""Every row of the op table: its kind rule, its formula in NumPy, and its value on flat rows."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.backends import FlatBackend, PytreeBackend
from lionhunt.dsl.interpreter import evaluate
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from tests.support.dsl.values import SHAPES, SPECIAL, TINY, bits, draw_tree, spread_floats

PAPER = (
    "abs cos sin tan arcsin arccos arctan exp log sinh cosh tanh arcsinh arccosh arctanh sign exp2 "
    "exp10 expm1 log10 log2 log1p square sqrt cube cbrt reciprocal "
    "add subtract multiply divide power maximum minimum "
    "norm global_norm dot cosine_sim clip_by_global_norm interpolate "
    "get_pi get_e get_eps"
).split()
"""The functions of appendix H of the paper, with its four signs as words."""

ELEMENTWISE = {
    "abs": np.abs,
    "cos": np.cos,
    "sin": np.sin,
    "tan": np.tan,
    "arcsin": np.arcsin,
    "arccos": np.arccos,
    "arctan": np.arctan,
    "exp": np.exp,
    "log": lambda x: np.log(np.abs(x)),
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "arcsinh": np.arcsinh,
    "arccosh": np.arccosh,
    "arctanh": np.arctanh,
    "sign": np.sign,
    "exp2": lambda x: 2.0**x,
    "exp10": lambda x: 10.0**x,
    "expm1": np.expm1,
    "log10": lambda x: np.log10(np.abs(x)),
    "log2": lambda x: np.log2(np.abs(x)),
    "log1p": lambda x: np.log(np.abs(1 + x)),
    "square": lambda x: x**2,
    "sqrt": lambda x: np.sqrt(np.abs(x)),
    "cube": lambda x: x**3,
    "cbrt": np.cbrt,
    "reciprocal": lambda x: 1 / x,
    "negative": lambda x: -x,
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / (y + 1e-8),
    "power": lambda x, y: x**y,
    "max": np.maximum,
    "min": np.minimum,
    "interp": lambda x, y, a: (1 - a) * x + a * y,
    "greater": lambda x, y: (x > y) * 1.0,
    "where": lambda x, y, a: np.where(x == 0, a, y),
    "get_pi": lambda: np.pi,
    "get_e": lambda: np.e,
    "get_eps": lambda: 1e-8,
}
"""Oracles of the elementwise functions, in float64."""

POINTS = [-2.5, -1.0, -0.75, -1e-3, 0.0, 1e-3, 0.25, 0.5, 1.0, 1.25, 3.0]


def _length(arrays):
    return np.sqrt(sum(np.sum(a**2) for a in arrays))


def _dot(xs, ys):
    return sum(np.sum(x * y) for x, y in zip(xs, ys, strict=True))


def _lines(function, x, axis):
    """Put a reduction of each row or column in its place; each number of a vector is a row."""
    matrix = x if x.ndim > 1 else x.reshape(-1, 1)
    return np.broadcast_to(function(matrix, axis, keepdims=True), matrix.shape).reshape(x.shape)


def _root_of_squares(x, axis, keepdims):
    return np.sqrt(np.sum(x**2, axis, keepdims=keepdims))


def _gram(x, y):
    """Return x xᵀ y of the matrices of an array; a vector is one column."""
    shape = y.shape
    x, y = (a if a.ndim > 1 else a.reshape(-1, 1) for a in (x, y))
    return np.einsum("...ij,...kj,...kl->...il", x, x, y).reshape(shape)


REDUCTIONS = {
    "norm": ("norm(g)", lambda w, g, lr: [np.sqrt(np.sum(x**2)) for x in g]),
    "global_norm": ("global_norm(g)", lambda w, g, lr: _length(g)),
    "dot": ("dot(w, g)", lambda w, g, lr: _dot(w, g)),
    "cosine_sim": (
        "cosine_sim(w, g)",
        lambda w, g, lr: _dot(w, g) / (_length(w) * _length(g) + 1e-8),
    ),
    "clip": ("clip(g, lr)", lambda w, g, lr: [x * min(1, lr / _length(g)) for x in g]),
    "row_mean": ("row_mean(g)", lambda w, g, lr: [_lines(np.mean, x, -1) for x in g]),
    "column_mean": ("column_mean(g)", lambda w, g, lr: [_lines(np.mean, x, -2) for x in g]),
    "rows": ("rows(g)", lambda w, g, lr: [x.shape[-2] if x.ndim > 1 else x.size for x in g]),
    "columns": ("columns(g)", lambda w, g, lr: [x.shape[-1] if x.ndim > 1 else 1 for x in g]),
    "size": ("size(g)", lambda w, g, lr: [x.size for x in g]),
    "gram": ("gram(w, g)", lambda w, g, lr: [_gram(*pair) for pair in zip(w, g, strict=True)]),
    "array_mean": ("array_mean(g)", lambda w, g, lr: [x.mean() for x in g]),
    "row_max": ("row_max(g)", lambda w, g, lr: [_lines(np.max, x, -1) for x in g]),
    "column_max": ("column_max(g)", lambda w, g, lr: [_lines(np.max, x, -2) for x in g]),
    "array_max": ("array_max(g)", lambda w, g, lr: [x.max() for x in g]),
    "row_norm": ("row_norm(g)", lambda w, g, lr: [_lines(_root_of_squares, x, -1) for x in g]),
    "column_norm": (
        "column_norm(g)",
        lambda w, g, lr: [_lines(_root_of_squares, x, -2) for x in g],
    ),
}
"""Oracles of the reductions: an expression, and its value in float64."""

every_op = pytest.mark.parametrize("op", OPS.values(), ids=lambda op: op.name)
elementwise_op = pytest.mark.parametrize(
    "op", [op for op in OPS.values() if not op.reduces], ids=lambda op: op.name
)
reduction = pytest.mark.parametrize("name", [op.name for op in OPS.values() if op.reduces])


def allowed_kinds(op):
    """Yield all kinds of arguments that the op takes."""
    for kinds in itertools.product(Kind, repeat=op.arity):
        if op.scalar_argument is None or kinds[op.scalar_argument] is Kind.SCALAR:
            yield kinds


def example(kind, rng):
    """Draw a value of `PytreeBackend` of that kind, within the domain of every function."""
    shapes = jax.tree.leaves(SHAPES, is_leaf=lambda node: isinstance(node, tuple))
    if kind is Kind.SCALAR:
        return jnp.float32(rng.uniform(0.2, 0.8))
    return tuple(
        jnp.asarray(rng.uniform(0.2, 0.8, shape if kind is Kind.TREE else ()), jnp.float32)
        for shape in shapes
    )


def as_row(value, arrays):
    """Return a value of `PytreeBackend` as a row, repeated over all its places."""
    parts = value if isinstance(value, tuple) else [value] * len(arrays)
    pairs = zip(parts, arrays, strict=True)
    return np.concatenate([np.broadcast_to(part, np.shape(a)).ravel() for part, a in pairs])


def test_the_papers_43_functions_are_those_that_search_draws():
    words = {op.alias or name for name, op in OPS.items() if op.group == "paper"}
    assert len(PAPER) == 43
    assert words == set(PAPER)


@every_op
def test_kind_rule_agrees_with_the_shapes_of_the_concrete_rule(op, rng):
    for kinds in allowed_kinds(op):
        args = [example(kind, rng) for kind in kinds]
        result = jax.eval_shape(lambda *xs: op.evaluate(PytreeBackend(jnp), *xs), *args)
        expected = example(op.infer(*kinds), rng)
        assert jax.tree.map(np.shape, result) == jax.tree.map(np.shape, expected), kinds
        assert all(leaf.dtype == np.float32 for leaf in jax.tree.leaves(result)), kinds


@every_op
def test_rows_agree_with_trees(op, rng):
    arrays = example(Kind.TREE, rng)
    shapes = tuple(np.shape(a) for a in arrays)
    for kinds in allowed_kinds(op):
        args = [example(kind, rng) for kind in kinds]
        expected = as_row(op.evaluate(PytreeBackend(jnp), *args), arrays)
        rows = [as_row(arg, arrays) for arg in args]
        kind = np.int32(max(kinds, default=Kind.SCALAR))
        result = np.broadcast_to(op.evaluate(FlatBackend(shapes, kind, jnp), *rows), expected.shape)
        np.testing.assert_allclose(result, expected, rtol=1e-6, err_msg=str(kinds))


# NumPy warns of NaN and infinity.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@elementwise_op
def test_elementwise_function_is_what_numpy_says(op):
    grid = np.array(list(itertools.product(POINTS, repeat=op.arity)), np.float32).T
    expected = ELEMENTWISE[op.name](*grid.astype(np.float64))
    actual = jax.jit(lambda *xs: op.evaluate(PytreeBackend(jnp), *xs))(*grid)
    np.testing.assert_allclose(actual, np.float32(expected), rtol=2e-6, atol=1e-7)


def flushed(numbers) -> np.ndarray:
    """Return float32 numbers with zeros in place of subnormals."""
    numbers = np.asarray(numbers, np.float32)
    is_subnormal = np.abs(numbers) < TINY
    return np.where(is_subnormal, np.copysign(np.float32(0), numbers), numbers)


def meaning(op, *args):
    """Evaluate the formula in the op's row in NumPy."""
    names = {"__builtins__": {}} | {name: getattr(np, name) for name in np.__all__}
    with np.errstate(all="ignore"):
        return flushed(eval(op.meaning, names, dict(zip("xya", args, strict=False))))


GUARDS = [0.0, -0.0, np.nan, np.inf, -np.inf, 1e-40, -1e-40, 1e30, -1e30, 0.5, -0.5, 1.0, -1.0, 3.0]


@elementwise_op
def test_elementwise_function_at_guard_values_is_what_its_row_says(op):
    guards = [GUARDS] * op.arity
    # A multiply-add does not round its product, so the product must not overflow here.
    if op.name == "interp":
        guards[2] = [x for x in GUARDS if abs(x) != 1e30]
    # The note of power excludes subnormals.
    if op.name == "power":
        guards = [[x for x in GUARDS if abs(x) != 1e-40]] * 2
    grid = np.array(list(itertools.product(*guards)), np.float32).T
    actual = flushed(jax.jit(lambda *xs: op.evaluate(PytreeBackend(jnp), *xs))(*grid))
    expected = np.broadcast_to(meaning(op, *map(flushed, grid)), actual.shape)
    np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-7)
    # For these, the zeros of NumPy differ; they have a test of their own.
    if op.name not in ("sign", "max", "min"):
        is_number = ~np.isnan(actual)
        np.testing.assert_array_equal(
            np.signbit(actual)[is_number], np.signbit(expected)[is_number]
        )


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [("sign", (-0.0,), -0.0), ("sign", (0.0,), 0.0)]
    + [("max", (0.0, -0.0), 0.0), ("max", (-0.0, 0.0), 0.0), ("max", (-0.0, -0.0), -0.0)]
    + [("min", (0.0, -0.0), -0.0), ("min", (-0.0, 0.0), -0.0), ("min", (0.0, 0.0), 0.0)],
)
def test_zero_is_the_one_that_the_row_says(name, args, expected):
    value = jax.jit(lambda *xs: OPS[name].evaluate(PytreeBackend(jnp), *xs))(*map(np.float32, args))
    assert repr(float(value)) == repr(expected)


@pytest.mark.parametrize("guard", GUARDS)
@reduction
def test_function_of_whole_arrays_at_guard_values_is_what_its_row_says(name, guard):
    op = OPS[name]
    array = np.array([[1.0, -2.0, guard], [0.5, 3.0, 0.25]], np.float32)
    other = 2.0 if op.scalar_argument == 1 else array[::-1].copy()
    args = (array, other)[: op.arity]
    values = [(jnp.asarray(arg),) if np.ndim(arg) else jnp.float32(arg) for arg in args]
    actual = jax.tree.leaves(jax.jit(lambda *xs: op.evaluate(PytreeBackend(jnp), *xs))(*values))[0]
    expected = meaning(op, *map(flushed, args))
    np.testing.assert_allclose(actual, np.broadcast_to(expected, actual.shape), rtol=1e-5)


@reduction
@pytest.mark.parametrize("lr", [0.5, 100.0])
def test_function_of_whole_arrays_is_what_numpy_says(name, lr, rng):
    expression, oracle = REDUCTIONS[name]
    program = dsl.parse(f"def train(w, g, lr):\n  u = {expression}\n  return u")
    w, g = draw_tree(rng), draw_tree(rng)
    update, _ = evaluate(program, w, g, (), lr)
    leaves = [[np.float64(x) for x in jax.tree.leaves(value)] for value in (w, g)]
    expected = oracle(*leaves, lr)
    expected = expected if isinstance(expected, list) else [expected] * len(leaves[0])
    for actual, value, like in zip(jax.tree.leaves(update), expected, leaves[0], strict=True):
        np.testing.assert_allclose(actual, np.broadcast_to(value, like.shape), rtol=1e-5)


@reduction
def test_function_of_whole_arrays_is_finite_on_zeros(name, rng):
    expression, _ = REDUCTIONS[name]
    program = dsl.parse(f"def train(w, g, lr):\n  u = {expression}\n  return u")
    zeros = jax.tree.map(np.zeros_like, draw_tree(rng))
    update, _ = evaluate(program, zeros, zeros, (), 1.0)
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(update)]
    is_count = name in ("rows", "columns", "size")
    assert all((leaf > 0).all() if is_count else (leaf == 0).all() for leaf in leaves)


@pytest.mark.parametrize(
    ("name", "args", "expected"),
    [
        ("divide", (1.0, 0.0), 1e8),
        ("divide", (0.0, 0.0), 0.0),
        ("divide", (1.0, -1e-8), np.inf),
        ("sqrt", (-4.0,), 2.0),
        ("log", (-1.0,), 0.0),
        ("log", (0.0,), -np.inf),
        ("log2", (-8.0,), 3.0),
        ("log10", (-100.0,), 2.0),
        ("log1p", (-2.0,), 0.0),
        ("log1p", (-1.0,), -np.inf),
        ("reciprocal", (0.0,), np.inf),
        ("arcsin", (2.0,), np.nan),
        ("power", (-2.0, 0.5), np.nan),
        ("cbrt", (-8.0,), -2.0),
        ("interp", (1.0, 3.0, 2.0), 5.0),
        ("clip", ([3.0, 4.0], 10.0), [3.0, 4.0]),
        ("clip", ([3.0, 4.0], 1.0), [0.6, 0.8]),
        ("clip", ([0.0, 0.0], 0.0), [0.0, 0.0]),
        ("clip", ([np.nan, 1.0], 1.0), [np.nan, np.nan]),
        ("clip", ([0.5, 1.0], np.nan), [np.nan, np.nan]),
        ("clip", ([np.inf, 1.0], 1.0), [np.nan, 0.0]),
    ],
)
def test_protection_is_the_papers(name, args, expected):
    first, *rest = map(jnp.float32, args)
    value = OPS[name].evaluate(PytreeBackend(jnp), (first,), *rest)
    np.testing.assert_allclose(value[0], expected, rtol=1e-5)


@pytest.mark.parametrize(
    "op", [op for op in OPS.values() if op.arity == 2 and op.name != "clip"], ids=lambda op: op.name
)
def test_commutative_means_that_swapped_arguments_give_the_same_bits(op, rng):
    values = np.concatenate([SPECIAL, spread_floats(rng, 40)])
    x, y = (grid.reshape(-1, 1) for grid in np.meshgrid(values, values))
    apply = jax.jit(jax.vmap(lambda x, y: op.evaluate(PytreeBackend(jnp), (x,), (y,))))
    straight, swapped = (jax.tree.leaves(apply(*args))[0] for args in ((x, y), (y, x)))
    is_same = np.array_equal(bits(straight), bits(swapped))
    assert is_same == op.commutative
