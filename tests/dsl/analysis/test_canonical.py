"""The canonical form computes what the program does.

In the law over random programs, constants are folded as the interpreter computes them, so the law
is exact. Folding has tests of its own.
"""

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import example, given, settings

from lionhunt import dsl
from lionhunt.dsl.analysis import constant_folding, value_numbering
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.backends import ScalarBackend
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.op_table import OPS
from tests.support.dsl.program_texts import parse_statements
from tests.support.dsl.programs import programs
from tests.support.dsl.values import assert_same_bits, take_steps


def fold_as_the_interpreter(name, *constants):
    args = [jnp.float32(constant) for constant in constants]
    return to_float32(float(OPS[name].evaluate(ScalarBackend(jnp), *args)))


@settings(max_examples=60)
@given(programs())
@example(
    parse_statements(
        "a = abs(lr); u = w * -1.0; u = g - u; u = u * u; u = max(u, u); return u, m, v"
    )
)
@example(
    parse_statements("m = interp(g, m, 0.9); v = interp(g, v, 0.9); u = m + v; return u, m, v")
)
def test_canonical_form_agrees_with_the_program_bit_for_bit(program):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(value_numbering, "fold", fold_as_the_interpreter)
        form = canonicalize(program)
    updates, _ = take_steps(form.to_program())
    expected, _ = take_steps(program)
    assert_same_bits(updates, expected)


@given(programs())
def test_canonical_form_is_valid_and_canonical(program):
    form = canonicalize(program)
    kinds = dsl.infer(form.to_program())
    assert kinds == tuple(instruction.kind for instruction in form.instructions)
    assert canonicalize(form.to_program()) == form


# NumPy warns of NaN and infinity.
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", [op.name for op in OPS.values() if op.arity], ids=str)
def test_function_of_constants_folds_to_what_the_interpreter_computes(name, rng):
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-10, -1e-10, 1e30, -1e30, 1e-30, 3.0, 1e5]
    for args in rng.choice(np.array(numbers, np.float32), (60, OPS[name].arity)):
        expected = fold_as_the_interpreter(name, *args)
        folded = fold(name, *map(float, args))
        np.testing.assert_allclose(folded, expected, rtol=1e-5, err_msg=f"{name}{args}")


def test_function_of_constants_alone_is_one_constant():
    form = canonicalize(
        parse_statements("a = get_pi(); b = sin(0.5); c = a * b; u = g * c; return u, m, v")
    )
    assert [instruction.op for instruction in form.instructions] == ["multiply"]
    np.testing.assert_allclose(form.constants, [np.pi * np.sin(0.5)], rtol=1e-6)


def test_function_of_constants_that_is_not_finite_is_left_to_the_machine():
    form = canonicalize(parse_statements("a = log(0.0); b = sqrt(-1.0); u = a + b; return u, m, v"))
    assert [instruction.op for instruction in form.instructions] == ["log", "add"]


def test_caches_of_constants_are_bounded_and_change_nothing(monkeypatch):
    texts = [f"u = g * {i / 7}; u = u * ({i} + 0.1); return u, m, v" for i in range(30)]
    forms = [canonicalize(parse_statements(text)) for text in texts]
    caches = (constant_folding._cache, value_numbering._constants)
    for module, cache in zip((constant_folding, value_numbering), caches, strict=True):
        monkeypatch.setattr(module, "MAX_CACHED", 7)
        cache.clear()
    for text, form in zip(texts, forms, strict=True):
        assert canonicalize(parse_statements(text)) == form
        assert all(len(cache) <= 7 for cache in caches)
    assert all(caches)
