"""Every rule of rewriting is as good as it claims: measured on numbers of every sort.

In NumPy and under jit, in the functions' own meaning. A rule that claims too much fails.
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
from lionhunt.dsl.ops import EPS, OPS
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
"""Variables of normal size are this far from 0."""


def with_warrant(warrant: Justification):
    rows = [each for each in RULES if each.justification is warrant]
    return pytest.mark.parametrize("each", rows, ids=[row.name for row in rows])


def variables(each: Rule) -> list[Term]:
    leaves = {leaf for leaf in walk(each.left) if leaf.op == INPUT}
    return sorted(leaves, key=lambda leaf: str(leaf.label))


def numbers_for(each: Rule) -> dict[Term, Term]:
    """Numbers for which a rule may be used, in the place of the variables that ask for one."""
    leaves = variables(each)
    for values in ((0.3, 0.7), (-0.7, 0.3)):
        chosen = {
            leaf: number(exact(values[str(leaf.label) in "dq"]))
            for leaf in leaves
            if leaf.label in NUMBERS
        }
        if each.allows({leaf: leaf for leaf in leaves} | chosen):
            return chosen
    raise AssertionError(f"no numbers are found for {each.name}")


def draw(each: Rule, rng: np.random.Generator, special=None, dtype: Any = np.float32):
    """Values of the variables: inside the rule's domain, or half of them special numbers."""
    chosen = numbers_for(each)

    def array(shape):
        x = rng.uniform(*each.domain, shape)
        x = np.where(np.abs(x) < LEAST, LEAST, x)
        if special is not None:
            x = np.where(rng.random(shape) < 0.5, rng.choice(special, shape), x)
        return np.asarray(x, dtype)

    def value(leaf):
        if leaf in chosen:
            return dtype(float(chosen[leaf].label or 0))
        return array(()) if leaf.kind is Kind.SCALAR else tuple(map(array, SHAPES))

    return {leaf: value(leaf) for leaf in variables(each)}


def leaves_of(side: Term, inputs: Mapping[Term, object]):
    """The arguments of a side. Constants are some, as on the machine: XLA uses those it sees."""
    leaves = [
        jnp.float32(float(part.label or 0)) if part.op == NUMBER else inputs[part]
        for part in walk(side)
        if not part.args
    ]
    return jax.tree.map(jnp.asarray, leaves)


def compute(side: Term, leaves):
    """The value of a side, of its arguments."""
    parts, space = list(walk(side)), PytreeBackend(jnp)
    values = dict(zip((part for part in parts if not part.args), leaves, strict=True))
    for part in parts:
        if part.args:
            values[part] = OPS[part.op].evaluate(space, *(values[arg] for arg in part.args))
    return values[side]


@functools.cache
def compiled(side: Term):
    return jax.jit(functools.partial(compute, side))


def under_jit(each: Rule, inputs):
    sides = (each.left, each.right)
    return [jax.tree.map(np.asarray, compiled(s)(leaves_of(s, inputs))) for s in sides]


def all_under_jit(sides: Sequence[Term], inputs: Sequence[Mapping[Term, object]]):
    """Many sides, compiled at once, which is quicker."""
    leaves = [leaves_of(*pair) for pair in zip(sides, inputs, strict=True)]
    values = jax.jit(lambda leaves: [compute(*pair) for pair in zip(sides, leaves, strict=True)])
    return jax.tree.map(np.asarray, values(leaves))


def in_numpy(each: Rule, inputs):
    return [evaluate([side], inputs, np.float32)[side] for side in (each.left, each.right)]


def same_bits(one, other) -> bool:
    return np.array_equal(dsl_values.bits(flatten(one)), dsl_values.bits(flatten(other)))


def is_exact(each: Rule) -> bool:
    """Whether the sides agree bit for bit, under jit and in NumPy, which keeps subnormals."""
    rng = np.random.default_rng(0)
    spread = dsl_values.spread_floats(rng, 300)
    everything = np.concatenate([dsl_values.SPECIAL, spread])
    inputs = [draw(each, rng, special) for special in [None, EXTREMES] + [everything] * 15]
    numpys = [draw(each, rng, special) for special in [None] * 5 + [EXTREMES] * 10]
    # In NumPy the sign of -0 is 0.
    return all(same_bits(*under_jit(each, values)) for values in inputs) and all(
        np.array_equal(*map(flatten, in_numpy(each, values)), equal_nan=True) for values in numpys
    )


def apart(left, right, size) -> np.ndarray:
    """How far two sides are apart, relative to a size; infinite where only one is a number."""
    left, right = np.float64(flatten(left)), np.float64(flatten(right))
    with np.errstate(all="ignore"):
        result = np.abs(left - right) / size
    result[(left == right) | (np.isnan(left) & np.isnan(right))] = 0.0
    return np.nan_to_num(result, nan=np.inf)


def sizes(parts: Mapping[Term, object]) -> np.ndarray:
    """The largest number met at each place; at least 1."""
    with np.errstate(all="ignore"):
        found = [np.abs(flatten(part)) for part in parts.values()]
    return np.max([np.where(np.isfinite(x), np.maximum(x, 1), 1) for x in found], axis=0)


def guards(each: Rule, parts: Mapping[Term, object]) -> np.ndarray:
    """How far 1e-8 beside every divisor can take the sides apart, to first order."""
    result = np.zeros(sum(int(np.prod(shape)) for shape in SHAPES))
    for term in walk(each.left, each.right):
        if term.op == "divide":
            result += EPS / np.abs(flatten(parts[term.args[1]]))
        if term.op == "cosine_sim":
            lengths = [np.sqrt(np.sum(flatten(parts[arg]) ** 2)) for arg in term.args]
            result += EPS / np.prod(lengths)
    return result


def agrees_within(each: Rule, bound) -> bool:
    """Whether the sides agree on normal numbers: in float64 up to `bound`, in float32 nearly."""
    rng = np.random.default_rng(1)
    for _ in range(40):
        inputs = draw(each, rng, dtype=np.float64)
        parts = evaluate([each.left, each.right], inputs)
        if np.any(apart(parts[each.left], parts[each.right], sizes(parts)) > bound(parts)):
            return False
    for _ in range(10):
        inputs = draw(each, rng)
        parts = evaluate([each.left, each.right], inputs, np.float32)
        if np.any(apart(parts[each.left], parts[each.right], sizes(parts)) > 2e-5):
            return False
    return True


def differs_somewhere(each: Rule) -> bool:
    """Whether the sides are something else altogether for some numbers, small or large."""
    rng = np.random.default_rng(2)
    for _ in range(40):
        parts = evaluate([each.left, each.right], draw(each, rng, EXTREMES, np.float64))
        if np.any(apart(parts[each.left], parts[each.right], sizes(parts)) > 1e-3):
            return True
    return False


def deserves_its_warrant(each: Rule) -> bool:
    """Whether a rule is as good as it claims."""
    match each.justification:
        case Justification.EXACT:
            return is_exact(each)
        case Justification.PROTECTED:
            return agrees_within(each, lambda parts: 1e-12 + 2 * guards(each, parts))
    return agrees_within(each, lambda parts: 1e-12)


@with_warrant(Justification.EXACT)
def test_exact_rule(each):
    assert deserves_its_warrant(each)


@with_warrant(Justification.ALGEBRAIC)
def test_algebraic_rule(each):
    assert deserves_its_warrant(each)


@with_warrant(Justification.PROTECTED)
def test_protected_rule(each):
    assert deserves_its_warrant(each)
    assert not agrees_within(each, lambda parts: 1e-12), "it is better than it claims"


@with_warrant(Justification.CONDITIONAL)
def test_conditional_rule_with_a_witness_of_where_its_condition_fails(each):
    assert deserves_its_warrant(each)
    assert differs_somewhere(each)


def test_rules_agree_under_jit_up_to_rounding():
    rng = np.random.default_rng(3)
    inputs = [draw(each, rng) for each in RULES]
    lefts = all_under_jit([each.left for each in RULES], inputs)
    rights = all_under_jit([each.right for each in RULES], inputs)
    for each, given, left, right in zip(RULES, inputs, lefts, rights, strict=True):
        parts = evaluate([each.left, each.right], given, np.float32)
        assert np.all(apart(left, right, size=sizes(parts)) < 2e-5), each.name


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
    each = rule(left, right, Justification.PROTECTED)
    found = in_numpy(each, {variables(each)[0]: np.float32(0)})
    np.testing.assert_allclose([float(value) for value in found], at_zero, rtol=1e-6)


@pytest.mark.parametrize(
    ("left", "right", "warrant"),
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
def test_rule_that_claims_too_much_is_found_out(left, right, warrant):
    assert not deserves_its_warrant(rule(left, right, warrant))


def test_every_rule_has_a_name_of_its_own():
    assert len({each.name for each in RULES}) == len(RULES)
