"""The batch machine against the machine, lane by lane."""

from typing import Any

import jax
import numpy as np

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.execution import batch_machine, machine
from lionhunt.dsl.execution.bytecode import SMALL, assemble
from lionhunt.dsl.ops import OPS
from tests.support.dsl.values import draw_tree


def one_op(name: str):
    """Return a program that applies one function to numbers that differ everywhere."""
    args = ["m", "g" if OPS[name].scalar_argument != 1 else "lr", "lr"][: OPS[name].arity]
    return dsl.parse(
        f"""def train(w, g, m, lr):
          m = interp(g, m, 0.9)
          u = {name}({", ".join(args)})
          u = u * w
          return u, m"""
    )


def test_batch_machine_is_the_machine_for_every_function():
    programs = [one_op(name) for name in OPS] + [library.load(name) for name in library.names()]
    codes = [code for code in map(assemble, programs) if code.shape == SMALL]
    assert len(codes) > len(OPS)
    rng = np.random.default_rng(0)
    lanes = [[draw_tree(rng), draw_tree(rng)] for _ in codes]
    states = rng.standard_normal((len(codes), SMALL.num_states, 11)).astype(np.float32)

    def stack(trees):
        return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)

    def step(make, code, weights, gradient, states):
        optimizer = make(code, 0.5)
        state = optimizer.init(weights)
        assert state.states.shape == states.shape
        return optimizer.update(gradient, state._replace(states=states), weights)

    one = jax.jit(lambda *args: step(machine.as_optimizer, *args))
    many = jax.jit(lambda *args: step(batch_machine.as_optimizer, *args))
    expected = stack([one(code, *lanes[i], states[i]) for i, code in enumerate(codes)])
    updates, state = many(stack(codes), *stack(lanes), states)
    actual = jax.tree.leaves((updates, state.states))
    wanted = jax.tree.leaves((expected[0], expected[1].states))
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert np.isfinite(actual[0]).mean() > 0.8


def test_function_that_is_not_compiled_gives_nan():
    codes = [assemble(library.load(name)) for name in ("lion", "sgd")]
    optimizer = batch_machine.as_optimizer(
        jax.tree.map(lambda *x: np.stack(x), *codes), 0.5, {"interp", "multiply", "add", "subtract"}
    )
    weights = {"a": np.ones((2, 3), np.float32), "b": np.ones(2, np.float32)}
    updates: Any = optimizer.update(weights, optimizer.init(weights), weights)[0]
    assert all(np.isnan(leaf[0]).all() and np.isfinite(leaf[1]).all() for leaf in updates.values())
