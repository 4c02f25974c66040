"""Exported files and compiled programs in float64 and in low precision, against NumPy in float64.

A constant is the shortest decimal with its float32.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.export import to_optax, to_torch
from lionhunt.dsl.float32 import shortest
from lionhunt.dsl.interpreter import run
from tests.support.dsl.exported_files import NO_NOTES, execute
from tests.support.dsl.library_programs import each_program

torch = pytest.importorskip("torch")

SHAPE = (3, 4)
LEARNING_RATE = 0.01
NUM_STEPS = 20


def draws():
    rng = np.random.default_rng(0)
    return rng.standard_normal(SHAPE), rng.standard_normal((NUM_STEPS, *SHAPE))


def train_numpy(program, weights, gradients):
    """Return the weights after all steps by the op table."""
    backend, program = PytreeBackend(np), dsl.simplify(program)
    states = [(np.zeros(SHAPE),) for _ in program.states]

    def constant(value):
        return np.float64(shortest(value))

    def apply(op, *values):
        return op.evaluate(backend, *values) if op.arity else np.float64(op.meaning)

    with np.errstate(all="ignore"):
        for gradient in gradients:
            inputs = [(weights,), (gradient,), *states, np.float64(LEARNING_RATE)]
            outputs = run(program, inputs, apply, constant)
            arrays = [output[0] if isinstance(output, tuple) else output for output in outputs]
            update, *states = [(np.broadcast_to(array, SHAPE),) for array in arrays]
            weights = weights - update[0]
    return weights


def train_optax(optimizer, weights, gradients):
    params = jnp.asarray(weights)
    state = optimizer.init(params)
    for gradient in gradients:
        update, state = optimizer.update(jnp.asarray(gradient, params.dtype), state, params)
        params = params + update
    return np.asarray(params)


def make_torch(name, params, lr):
    names = execute(to_torch(library.load(name), name, library.doc(name)))
    (optimizer,) = (
        x
        for x in names.values()
        if getattr(x, "__module__", "") == "generated" and isinstance(x, type)
    )
    return optimizer(params, lr)


def train_torch(name, weights, gradients):
    param = torch.nn.Parameter(torch.tensor(weights))
    optimizer = make_torch(name, [param], LEARNING_RATE)
    for gradient in gradients:
        param.grad = torch.tensor(gradient)
        optimizer.step()
    return param.detach().numpy()


@each_program()
def test_float64_has_all_its_digits(name):
    weights, gradients = draws()
    expected = train_numpy(library.load(name), weights, gradients)
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        text = to_optax(library.load(name), name, library.doc(name))
        own = dsl.as_optimizer(library.load(name), LEARNING_RATE)
        results = [
            train_optax(execute(text)[name](LEARNING_RATE), weights, gradients),
            train_optax(own, weights, gradients),
            train_torch(name, weights, gradients),
        ]
    for actual in results:
        np.testing.assert_allclose(actual - weights, expected - weights, rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "expression",
    ["1 - 0.999", "log(0.9)", "get_pi()", "exp(get_pi() * 2)", "1 / 3.0", "sqrt(size(g))"]
    + ["sqrt(rows(g))", "log(columns(g))"],
)
def test_functions_of_constants_have_all_their_digits(expression):
    program = dsl.parse(f"def f(w, g, lr):\n  c = {expression}\n  return g * c")
    weights, gradients = draws()
    expected = train_numpy(program, weights, gradients)
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        optimizers = [
            execute(to_optax(program, "found", NO_NOTES))["found"](1.0),
            dsl.as_optimizer(program, 1.0),
        ]
        for optimizer in optimizers:
            actual = train_optax(optimizer, weights, gradients)
            # A division by a constant has no guard in exported code: 1e-8.
            np.testing.assert_allclose(actual, expected, rtol=1e-7 if "/" in expression else 1e-11)


@pytest.mark.parametrize(
    "step", ["c = exp(200)\n  c = 1 / c", "c = 16777216.0 + 1\n  c = c - 16777216.0"]
)
def test_constants_overflow_and_cancel_as_in_the_program(step):
    """Check that a fold in float64 does not revive what float32 loses."""
    program = dsl.parse(f"def f(w, g, lr):\n  {step}\n  return g * c")
    text = to_optax(program, "found", NO_NOTES)
    optimizer = execute(text)["found"](1.0)
    update, _ = optimizer.update(jnp.ones(2), optimizer.init(jnp.ones(2)))
    np.testing.assert_array_equal(update, 0)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_counters_count_on_in_low_precision(dtype):
    param = torch.nn.Parameter(torch.ones(2, dtype=dtype))
    optimizer = make_torch("ademamix", [param], 0.0)
    param.grad = torch.zeros_like(param)
    for _ in range(3000):
        optimizer.step()
    assert optimizer.state[param]["step_count"].item() == 3000
    assert torch.isfinite(param).all()
