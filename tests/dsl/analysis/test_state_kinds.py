"""The kinds of states, by abstract execution, against programs that are run."""

import itertools

import hypothesis
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.state_kinds import narrow_canonical_states, narrow_states
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from tests.support.dsl.programs import MODERATE, programs

SHAPES = ((2, 3), (3,), ())


@pytest.mark.parametrize(
    "step, expected",
    [
        ("s = s + 1.0", Kind.SCALAR),
        ("s = interp(1.0, s, 0.9)", Kind.SCALAR),
        ("s = interp(lr, s, 0.9)", Kind.SCALAR),
        ("n = norm(g)\n  s = max(s, n)", Kind.PER_ARRAY),
        ("n = global_norm(g)\n  s = max(s, n)", Kind.SCALAR),
        ("s = interp(g, s, 0.9)", Kind.TREE),
        # A reduction counts the numbers of the array that the language says.
        ("n = global_norm(s)\n  s = n + 1.0", Kind.TREE),
        ("n = dot(g, s)\n  s = n + 1.0", Kind.TREE),
        ("h = s * 2.0\n  h = clip(h, 0.5)\n  s = s + 1.0\n  g = g * h", Kind.TREE),
    ],
)
def test_state_has_the_narrowest_kind(step, expected):
    text = f"def f(w, g, s, lr):\n  {step}\n  u = g * s\n  return u, s"
    assert narrow_states(dsl.parse(text)) == (expected,)


def test_states_widen_each_other():
    text = "def f(w, g, a, b, c, lr): return g * a, b + 1, c + 1, interp(g, c, 0.5)"
    assert narrow_states(dsl.parse(text)) == (Kind.TREE,) * 3
    text = "def f(w, g, a, b, c, lr): return g * a, b + 1, c + 1, c * 2"
    assert narrow_states(dsl.parse(text)) == (Kind.SCALAR,) * 3
    assert narrow_states(dsl.parse(text), Kind.PER_ARRAY) == (Kind.PER_ARRAY,) * 3


def test_norm_of_a_corrected_average_leaves_the_correction_one_number():
    text = """def f(w, g, m, c, lr):
      m = interp(g, m, 0.9)
      c = interp(1.0, c, 0.9)
      h = m / c
      n = global_norm(h)
      u = h / n
      return u, m, c"""
    assert narrow_states(dsl.parse(text)) == (Kind.TREE, Kind.SCALAR)


def test_adamw_has_two_states_of_the_size_of_the_weights():
    kinds = narrow_states(library.load("adamw"))
    assert sorted(kinds) == [Kind.SCALAR, Kind.SCALAR, Kind.TREE, Kind.TREE]


def is_uniform(value, kind):
    """Check that a value of the language is one number, or one for each array."""
    arrays = [np.ravel(array) for array in value] if isinstance(value, tuple) else []
    groups = arrays if kind is Kind.PER_ARRAY else [np.concatenate(arrays)] if arrays else []
    return kind is Kind.TREE or all(
        np.array_equal(group, np.full_like(group, group[:1]), equal_nan=True) for group in groups
    )


@hypothesis.settings(max_examples=150)
@hypothesis.given(programs(max_statements=12, constants=MODERATE))
def test_narrow_states_are_uniform_at_every_step(program):
    """Run with full-size states: a state that is narrow must hold one number."""
    kinds = narrow_states(program)
    backend, rng = PytreeBackend(np), np.random.default_rng(0)
    weights = tuple(rng.standard_normal(shape).astype(np.float32) for shape in SHAPES)
    states = [tuple(map(np.zeros_like, weights)) for _ in kinds]
    with np.errstate(all="ignore"):
        for _ in range(3):
            gradient = tuple(rng.standard_normal(x.shape).astype(np.float32) for x in weights)
            inputs = [weights, gradient, *states, np.float32(0.5)]
            _, *states = run(program, inputs, lambda op, *xs: op.evaluate(backend, *xs), np.float32)
            states = [
                tuple(
                    np.broadcast_to(np.asarray(x, np.float32), w.shape)
                    for x, w in zip(
                        s if isinstance(s, tuple) else (s,) * len(weights), weights, strict=True
                    )
                )
                for s in states
            ]
            assert all(map(is_uniform, states, kinds))


@hypothesis.settings(max_examples=150)
@hypothesis.given(programs(max_statements=12, ops=tuple(OPS)))
def test_reductions_count_the_numbers_that_the_language_says(program):
    """Check that the argument of a reduction keeps its kind although states are narrow."""
    narrow, wide = [], []
    for kinds, seen in ((narrow_states(program), narrow), ((Kind.TREE,) * 9, wide)):

        def apply(op, *args, seen=seen):
            if op.reduces:
                seen.append(args)
            return op.infer(*args)

        states = kinds[: len(program.states)]
        inputs = [Kind.TREE, Kind.TREE, *states, Kind.SCALAR]
        run(program, inputs, apply, lambda constant: Kind.SCALAR)
    assert narrow == wide


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_kind_of_a_result_is_the_widest_of_its_arguments_up_to_a_limit(op):
    """Check the rule that the search for narrow kinds relies on."""
    limit = op.infer(*(Kind.TREE,) * op.arity)
    for kinds in itertools.product(Kind, repeat=op.arity):
        assert op.infer(*kinds) is min(limit, max(kinds, default=Kind.SCALAR))


@pytest.mark.parametrize("name", library.names())
def test_states_of_the_canonical_form_are_as_narrow(name):
    form = canonicalize(library.load(name))
    kinds = narrow_canonical_states(form)
    assert kinds == narrow_states(form.to_program())
    assert sorted(kinds) == sorted(narrow_states(dsl.simplify(library.load(name))))
