"""The canonical form computes what the program does.

The law over random programs folds constants as the interpreter computes them, and is then exact;
folding is tested by itself.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings

from lionhunt import dsl
from lionhunt.dsl.analysis import value_numbering as values
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.backends import ScalarBackend
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Program
from tests.support.dsl import values as dsl_values
from tests.support.dsl.programs import programs


def parse(body: str) -> Program:
    """A program of statements separated by ";", with two states."""
    lines = "\n  ".join(body.split("; "))
    return dsl.parse(f"def train(w, g, m, v, lr):\n  {lines}")


def fold_as_the_interpreter(name, *constants):
    args = [jnp.float32(constant) for constant in constants]
    return to_float32(float(OPS[name].evaluate(ScalarBackend(jnp), *args)))


@settings(max_examples=60)
@given(programs())
@example(parse("a = abs(lr); u = w * -1.0; u = g - u; u = u * u; u = max(u, u); return u, m, v"))
@example(parse("m = interp(g, m, 0.9); v = interp(g, v, 0.9); u = m + v; return u, m, v"))
def test_canonical_form_agrees_with_the_program_bit_for_bit(program):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values, "fold", fold_as_the_interpreter)
        form = canonicalize(program)
    updates, _ = dsl_values.take_steps(form.to_program())
    expected, _ = dsl_values.take_steps(program)
    dsl_values.assert_same_bits(updates, expected)


@given(programs())
def test_canonical_form_is_valid_and_canonical(program):
    form = canonicalize(program)
    kinds = dsl.infer(form.to_program())
    assert kinds == tuple(instruction.kind for instruction in form.instructions)
    assert canonicalize(form.to_program()) == form


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's word on NaN and infinity
@pytest.mark.parametrize("name", [op.name for op in OPS.values() if op.arity], ids=str)
def test_function_of_constants_folds_to_what_the_interpreter_computes(name, rng):
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-10, -1e-10, 1e30, -1e30, 1e-30, 3.0, 1e5]
    for args in rng.choice(np.array(numbers, np.float32), (60, OPS[name].arity)):
        expected = fold_as_the_interpreter(name, *args)
        folded = fold(name, *map(float, args))
        np.testing.assert_allclose(folded, expected, rtol=1e-5, err_msg=f"{name}{args}")


def test_function_of_constants_alone_is_one_constant():
    form = canonicalize(parse("a = get_pi(); b = sin(0.5); c = a * b; u = g * c; return u, m, v"))
    assert [instruction.op for instruction in form.instructions] == ["multiply"]
    np.testing.assert_allclose(form.constants, [np.pi * np.sin(0.5)], rtol=1e-6)


def test_function_of_constants_that_is_not_finite_is_left_to_the_machine():
    form = canonicalize(parse("a = log(0.0); b = sqrt(-1.0); u = a + b; return u, m, v"))
    assert [instruction.op for instruction in form.instructions] == ["log", "add"]
