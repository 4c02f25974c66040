"""The rules hold in the sense of their justification, measured on numbers of every sort.

The measurement runs in NumPy and under jit, with the real functions of the language. A rule that
claims too much fails.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.ops import EPS
from lionhunt.dsl.rewriting.patterns import NUMBERS
from lionhunt.dsl.rewriting.rule import Justification, Rule, rule
from lionhunt.dsl.rewriting.rules import RULES
from lionhunt.dsl.rewriting.term_evaluation import SHAPES, evaluate, flatten
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER, Term, exact, number, walk
from tests.support.dsl import values as dsl_values

EXTREMES = np.array(
    [0.0, -0.0, 1.5e-38, -1e-30, 1e-4, 30.0, -30.0, 1e19, -1e19, 3e38, np.inf, -np.inf, np.nan],
    np.float32,
)
LEAST = 0.01
"""Smallest size of a variable with ordinary numbers."""


def with_justification(justification: Justification):
    rows = [equation for equation in RULES if equation.justification is justification]
    return pytest.mark.parametrize("equation", rows, ids=[row.name for row in rows])


def variables(equation: Rule) -> list[Term]:
    leaves = {leaf for leaf in walk(equation.left) if leaf.op == INPUT}
    return sorted(leaves, key=lambda leaf: str(leaf.label))


def numbers_for(equation: Rule) -> dict[Term, Term]:
    """Return numbers, for the variables that need them, for which the rule may be applied."""
    leaves = variables(equation)
    for values in ((0.3, 0.7), (-0.7, 0.3)):
        chosen = {
            leaf: number(exact(values[str(leaf.label) in "dq"]))
            for leaf in leaves
            if leaf.label in NUMBERS
        }
        if equation.allows({leaf: leaf for leaf in leaves} | chosen):
            return chosen
    raise AssertionError(f"no numbers fit {equation.name}")


def draw(equation: Rule, rng: np.random.Generator, special=None, dtype: Any = np.float32):
    """Draw values of the variables from the rule's domain, or half of them from `special`."""
    chosen = numbers_for(equation)

    def array(shape):
        x = rng.uniform(*equation.domain, shape)
        x = np.where(np.abs(x) < LEAST, LEAST, x)
        if special is not None:
            x = np.where(rng.random(shape) < 0.5, rng.choice(special, shape), x)
        return np.asarray(x, dtype)

    def value(leaf):
        if leaf in chosen:
            return dtype(float(chosen[leaf].label or 0))
        return array(()) if leaf.kind is Kind.SCALAR else tuple(map(array, SHAPES))

    return {leaf: value(leaf) for leaf in variables(equation)}


def leaves_of(side: Term, inputs: Mapping[Term, object]):
    """Return the leaves of a side as arrays.

    Constants are arguments too, as in the compiled machine; XLA would fold constants that it sees.
    """
    leaves = [
        jnp.float32(float(part.label or 0)) if part.op == NUMBER else inputs[part]
        for part in walk(side)
        if not part.args
    ]
    return jax.tree.map(jnp.asarray, leaves)


def compute(side: Term, leaves):
    """Evaluate a side on its leaves."""
    parts, space = list(walk(side)), PytreeBackend(jnp)
    values = dict(zip((part for part in parts if not part.args), leaves, strict=True))
    for part in parts:
        if part.args:
            values[part] = OPS[part.op].evaluate(space, *(values[arg] for arg in part.args))
    return values[side]


@functools.cache
def compiled(side: Term):
    return jax.jit(functools.partial(compute, side))


def under_jit(equation: Rule, inputs):
    sides = (equation.left, equation.right)
    return [jax.tree.map(np.asarray, compiled(s)(leaves_of(s, inputs))) for s in sides]


def all_under_jit(sides: Sequence[Term], inputs: Sequence[Mapping[Term, object]]):
    """Evaluate many sides in one compilation, which is quicker."""
    leaves = [leaves_of(*pair) for pair in zip(sides, inputs, strict=True)]
    values = jax.jit(lambda leaves: [compute(*pair) for pair in zip(sides, leaves, strict=True)])
    return jax.tree.map(np.asarray, values(leaves))


def in_numpy(equation: Rule, inputs):
    return [evaluate([side], inputs, np.float32)[side] for side in (equation.left, equation.right)]


def same_bits(one, other) -> bool:
    return np.array_equal(dsl_values.bits(flatten(one)), dsl_values.bits(flatten(other)))


def is_exact(equation: Rule) -> bool:
    """Return True if the sides agree bit for bit, under jit and, with subnormals, in NumPy."""
    rng = np.random.default_rng(0)
    spread = dsl_values.spread_floats(rng, 300)
    everything = np.concatenate([dsl_values.SPECIAL, spread])
    inputs = [draw(equation, rng, special) for special in [None, EXTREMES] + [everything] * 15]
    numpy_inputs = [draw(equation, rng, special) for special in [None] * 5 + [EXTREMES] * 10]
    # NumPy gives 0 as the sign of -0, so -0 and 0 count as equal there.
    return all(same_bits(*under_jit(equation, values)) for values in inputs) and all(
        np.array_equal(*map(flatten, in_numpy(equation, values)), equal_nan=True)
        for values in numpy_inputs
    )


def apart(left, right, size) -> np.ndarray:
    """Return the distance of two sides relative to a size; infinite where only one is NaN."""
    left, right = np.float64(flatten(left)), np.float64(flatten(right))
    with np.errstate(all="ignore"):
        result = np.abs(left - right) / size
    result[(left == right) | (np.isnan(left) & np.isnan(right))] = 0.0
    return np.nan_to_num(result, nan=np.inf)


def sizes(parts: Mapping[Term, object]) -> np.ndarray:
    """Return the largest finite intermediate value at equation place; at least 1."""
    with np.errstate(all="ignore"):
        values = [np.abs(flatten(part)) for part in parts.values()]
    return np.max([np.where(np.isfinite(x), np.maximum(x, 1), 1) for x in values], axis=0)


def guards(equation: Rule, parts: Mapping[Term, object]) -> np.ndarray:
    """Return a first-order bound on the effect of the guard, 1e-8, of every divisor."""
    result = np.zeros(sum(int(np.prod(shape)) for shape in SHAPES))
    for term in walk(equation.left, equation.right):
        if term.op == "divide":
            result += EPS / np.abs(flatten(parts[term.args[1]]))
        if term.op == "cosine_sim":
            lengths = [np.sqrt(np.sum(flatten(parts[arg]) ** 2)) for arg in term.args]
            result += EPS / np.prod(lengths)
    return result


def agrees_within(equation: Rule, bound) -> bool:
    """Return True if the sides agree on ordinary numbers: in float64 up to `bound`."""
    rng = np.random.default_rng(1)
    for _ in range(40):
        inputs = draw(equation, rng, dtype=np.float64)
        parts = evaluate([equation.left, equation.right], inputs)
        if np.any(apart(parts[equation.left], parts[equation.right], sizes(parts)) > bound(parts)):
            return False
    for _ in range(10):
        inputs = draw(equation, rng)
        parts = evaluate([equation.left, equation.right], inputs, np.float32)
        if np.any(apart(parts[equation.left], parts[equation.right], sizes(parts)) > 2e-5):
            return False
    return True


def differs_somewhere(equation: Rule) -> bool:
    """Return True if the sides differ clearly for some very small or large numbers."""
    rng = np.random.default_rng(2)
    for _ in range(40):
        parts = evaluate([equation.left, equation.right], draw(equation, rng, EXTREMES, np.float64))
        if np.any(apart(parts[equation.left], parts[equation.right], sizes(parts)) > 1e-3):
            return True
    return False


def is_justified(equation: Rule) -> bool:
    """Return True if the sides agree in the sense of the rule's justification."""
    match equation.justification:
        case Justification.EXACT:
            return is_exact(equation)
        case Justification.PROTECTED:
            return agrees_within(equation, lambda parts: 1e-12 + 2 * guards(equation, parts))
    return agrees_within(equation, lambda parts: 1e-12)


@pytest.mark.parametrize("equation", RULES, ids=lambda rule: rule.name)
def test_rule_is_justified(equation):
    assert is_justified(equation)


@with_justification(Justification.PROTECTED)
def test_protected_rule_is_not_algebraic(equation):
    assert not agrees_within(equation, lambda parts: 1e-12), "the rule is algebraic"


@with_justification(Justification.CONDITIONAL)
def test_conditional_rule_has_a_witness_where_its_condition_fails(equation):
    assert differs_somewhere(equation)


def test_rules_agree_under_jit_up_to_rounding():
    rng = np.random.default_rng(3)
    inputs = [draw(equation, rng) for equation in RULES]
    lefts = all_under_jit([equation.left for equation in RULES], inputs)
    rights = all_under_jit([equation.right for equation in RULES], inputs)
    for equation, given, left, right in zip(RULES, inputs, lefts, rights, strict=True):
        parts = evaluate([equation.left, equation.right], given, np.float32)
        assert np.all(apart(left, right, size=sizes(parts)) < 2e-5), equation.name


@pytest.mark.parametrize(
    ("text", "at_zero"),
    [
        (("x / abs(x)", "sign(x)"), (0.0, 0.0)),
        (("x / x", "1.0"), (0.0, 1.0)),
        (("reciprocal(x)", "1.0 / x"), (np.inf, 1e8)),
        (("(x / x) * x", "x"), (0.0, 0.0)),
    ],
)
def test_protected_sides_at_zero(text, at_zero):
    left, right = text
    equation = rule(left, right, Justification.PROTECTED)
    values = in_numpy(equation, {variables(equation)[0]: np.float32(0)})
    np.testing.assert_allclose([float(value) for value in values], at_zero, rtol=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "justification"),
    [
        ("sqrt(square(x))", "x", Justification.ALGEBRAIC),
        ("sqrt(square(x))", "x", Justification.PROTECTED),
        ("x * 0.0", "0.0", Justification.EXACT),
        ("x + 0.0", "x", Justification.EXACT),
        ("(x + y) + z", "x + (y + z)", Justification.EXACT),
        ("x / x", "1.0", Justification.ALGEBRAIC),
        ("x / y", "x * reciprocal(y)", Justification.ALGEBRAIC),
        ("x / y", "x / (y + 1e-06)", Justification.PROTECTED),
        ("sin(arcsin(x))", "x", Justification.ALGEBRAIC),
        ("norm(x + y)", "norm(x) + norm(y)", Justification.ALGEBRAIC),
        ("clip(x * a, a)", "clip(x, a) * a", Justification.ALGEBRAIC),
    ],
)
def test_rule_that_claims_too_much_is_found_out(left, right, justification):
    assert not is_justified(rule(left, right, justification))


def test_every_rule_has_a_name_of_its_own():
    assert len({equation.name for equation in RULES}) == len(RULES)
