"""The functional fingerprint: programs that it merges, programs that it separates, its probe."""

import math

import numpy as np
import pytest
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.analysis import functional_equivalence, numeric_probe
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.functional_equivalence import functional_fingerprint
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from tests.support.dsl.program_texts import parse_statements
from tests.support.dsl.programs import MODERATE, programs


def name(program: Program) -> str:
    return functional_fingerprint(canonicalize(program))


EQUAL = {
    "a product in another order": (
        "u = g * lr * w; return u, m, v",
        "u = w * lr * g; return u, m, v",
    ),
    "a constant split": ("u = g * 0.1 * 10.0; return u, m, v", "u = g * 1.0; return u, m, v"),
    "distribution": ("u = (g + w) * lr; return u, m, v", "u = g * lr + w * lr; return u, m, v"),
    "the average written out": (
        "m = interp(g, m, 0.875); return m, m, v",
        "m = m * 0.875 + g * 0.125; return m, m, v",
    ),
    "a square and its root": ("u = sqrt(square(g)); return u, m, v", "u = abs(g); return u, m, v"),
    "NaN of two kinds": (
        "u = arcsin(w * w + 2.0); return u, m, v",
        "u = arccosh(0.5); return u, m, v",
    ),
    "a state scaled and scaled back": (
        "m = m * 0.5 + g * 3.0; u = m / 3.0; return u, m, v",
        "m = m * 0.5 + g; return m, m, v",
    ),
}

DIFFERENT = {
    "NaN and infinity": ("return arcsin(2.0), m, v", "return reciprocal(0.0), m, v"),
    "infinity and minus infinity": ("return log(0.0), m, v", "return reciprocal(0.0), m, v"),
    "infinity and a large number": ("return cosh(w * 90.0), m, v", "return cosh(w * 88.0), m, v"),
    "0.9 and 0.9001": ("u = g * 0.9; return u, m, v", "u = g * 0.9001; return u, m, v"),
    "clip and none": ("u = clip(g, 1.0); return u, m, v", "return g, m, v"),
    "a state that is seen a step later": (
        "u = m; m = g; return u, m, v",
        "u = m; m = m + g; return u, m, v",
    ),
    "norm of an array and of all": (
        "u = norm(g); return u, m, v",
        "u = global_norm(g); return u, m, v",
    ),
    "rows and columns": ("u = row_mean(g); return u, m, v", "u = column_mean(g); return u, m, v"),
    "sign and soft sign at a faint gradient": (
        "u = sign(g); return u, m, v",
        "u = g / (abs(g) + 1e-6); return u, m, v",
    ),
    "what is done where there is no gradient": (
        "u = sign(g); return u, m, v",
        "u = g / abs(g) + (1.0 - abs(sign(g))); return u, m, v",
    ),
    "what is done where a weight is zero": (
        "u = g * sign(square(w)); return u, m, v",
        "return g, m, v",
    ),
    "the schedule and its peak": ("u = g * lr; return u, m, v", "return g, m, v"),
    "library programs": ("u = sign(g); return u, m, v", "u = tanh(g); return u, m, v"),
}


@pytest.mark.parametrize(("one", "other"), EQUAL.values(), ids=EQUAL)
def test_equal_in_real_numbers_is_one(one, other):
    assert name(parse_statements(one)) == name(parse_statements(other))


def test_the_fingerprint_separates_programs_that_are_equal_in_real_numbers():
    assert [
        fingerprint(parse_statements(one)) == fingerprint(parse_statements(other))
        for one, other in EQUAL.values()
    ] == [False] * len(EQUAL)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_is_told_apart(one, other):
    assert name(parse_statements(one)) != name(parse_statements(other))


def test_programs_of_the_library_all_differ():
    names = {name(dsl.library.load(n)) for n in dsl.library.names()}
    assert len(names) == len(dsl.library.names())


@given(programs(ops=tuple(OPS), constants=MODERATE))
def test_probe_computes_what_the_program_does(program):
    """Compare flat rows with all scales at once against single arrays, one scale at a time."""
    canonical = canonicalize(program)
    updates = functional_equivalence.updates_on_probe(canonical)
    sizes = [math.prod(shape) for shape in numeric_probe.SHAPES]

    def to_tree(row):
        parts = np.split(row, np.cumsum(sizes)[:-1])
        return tuple(
            part.reshape(shape) for part, shape in zip(parts, numeric_probe.SHAPES, strict=True)
        )

    backend = PytreeBackend(np)
    for scale in range(len(functional_equivalence.SCALES)):
        states = [to_tree(np.zeros(sum(sizes)))] * canonical.num_states
        for step, schedule in enumerate(functional_equivalence.SCHEDULE):
            w, g = (
                to_tree(x[step, scale])
                for x in (functional_equivalence.WEIGHTS, functional_equivalence.GRADIENTS)
            )
            with np.errstate(all="ignore"):
                values = run(
                    canonical.to_program(),
                    [w, g, *states, schedule],
                    lambda op, *xs: op.evaluate(backend, *xs),
                    np.float64,
                )
            trees = [v if isinstance(v, tuple) else (v,) * len(sizes) for v in values]
            update, *states = [
                tuple(
                    np.broadcast_to(x, shape)
                    for x, shape in zip(tree, numeric_probe.SHAPES, strict=True)
                )
                for tree in trees
            ]
            expected = np.concatenate([np.ravel(x) for x in update])
            np.testing.assert_allclose(updates[step, scale], expected, rtol=1e-6, atol=1e-12)


@given(programs(ops=tuple(OPS)))
def test_equal_fingerprint_means_equal_functional_fingerprint(program):
    assert name(program) == name(canonicalize(program).to_program())


def test_functional_fingerprint_is_the_recorded_one():
    """Check a recorded value; update it only when the probe changes on purpose."""
    assert name(dsl.library.load("lion")) == "ce67b9662a3bfc8b56f8ea6f2470ae28"
