"""The batch machine against the machine, lane by lane."""

from typing import Any

import jax
import jax.extend
import numpy as np

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.execution import batch_machine, machine
from lionhunt.dsl.execution.bytecode import SMALL, assemble
from lionhunt.dsl.execution.machine import init_states
from lionhunt.dsl.op_table import OPS
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
    shapes = tuple(map(np.shape, jax.tree.leaves(lanes[0][0])))
    zeros = init_states(SMALL, shapes, (len(codes),))
    states = jax.tree.map(lambda x: rng.standard_normal(x.shape).astype(np.float32), zeros)

    def stack(trees):
        return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)

    def step(make, code, weights, gradient, states):
        optimizer = make(code, 0.5)
        state = optimizer.init(weights)
        assert jax.tree.map(np.shape, state.states) == jax.tree.map(np.shape, states)
        return optimizer.update(gradient, state._replace(states=states), weights)

    one = jax.jit(lambda *args: step(machine.as_optimizer, *args))
    many = jax.jit(lambda *args: step(batch_machine.as_optimizer, *args))
    expected = stack(
        [
            one(code, *lanes[i], jax.tree.map(lambda x, i=i: x[i], states))
            for i, code in enumerate(codes)
        ]
    )
    updates, state = many(stack(codes), *stack(lanes), states)
    actual = jax.tree.leaves((updates, state.states))
    wanted = jax.tree.leaves((expected[0], expected[1].states))
    for one, other in zip(actual, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert np.isfinite(actual[0]).mean() > 0.8


SHAPES = ((3, 2), (5,))
FUNCTIONS = {"multiply", "interp", *(op.name for op in OPS.values() if op.reduces)}


def lanes(*texts):
    """Return the arguments of a step of small programs side by side."""
    programs = [dsl.parse(f"def f(w, g, m, lr):\n  {text}\n  return u, m") for text in texts]
    codes = jax.tree.map(lambda *x: np.stack(x), *map(assemble, programs))
    rng = np.random.default_rng(0)
    weights, gradient = rng.standard_normal((2, len(texts), 11)).astype(np.float32)
    states = init_states(codes.shape, SHAPES, (len(texts),))
    return codes, weights, gradient, states, np.float32(0.5)


def step(codes, weights, gradient, states, schedule):
    return batch_machine.run(codes, SHAPES, weights, gradient, states, schedule, FUNCTIONS)[0]


def primitives(jaxpr, in_branch=False):
    """Yield each primitive of a program, and if it is in the branch of a condition."""
    for equation in jaxpr.eqns:
        yield equation.primitive.name, in_branch
        for inner in jax.extend.core.jaxprs_in_params(equation.params):
            yield from primitives(inner, in_branch or equation.primitive.name == "cond")


def test_reductions_are_computed_only_where_a_lane_applies_them():
    """Check that every sum and product of matrices is in the branch of a condition."""
    traced = jax.make_jaxpr(step)(*lanes("u = g * 2", "u = gram(g, w)"))
    found = list(primitives(traced.jaxpr))
    assert ("reduce_sum", True) in found and ("dot_general", True) in found
    assert ("mul", False) in found
    assert not {("reduce_sum", False), ("dot_general", False)} & set(found)


def test_lane_does_not_depend_on_the_other_lanes():
    """Compare all bits of a lane whose neighbours apply reductions or none."""
    run = jax.jit(step)
    lane = "u = g * w\n  m = norm(u)\n  u = interp(u, m, 0.3)\n  u = gram(u, w)"
    others = ["u = g * 2", "u = gram(w, g)\n  u = u * u", "n = norm(g)\n  u = clip(w, 0.1) * n"]
    updates = [run(*lanes(lane, other))[0] for other in (*others, lane)]
    for update in updates:
        np.testing.assert_array_equal(update, updates[0])
    assert np.isfinite(updates[0]).all()


def test_function_that_is_not_compiled_gives_nan():
    codes = [assemble(library.load(name)) for name in ("lion", "sgd")]
    optimizer = batch_machine.as_optimizer(
        jax.tree.map(lambda *x: np.stack(x), *codes), 0.5, {"interp", "multiply", "add", "subtract"}
    )
    weights = {"a": np.ones((2, 3), np.float32), "b": np.ones(2, np.float32)}
    updates: Any = optimizer.update(weights, optimizer.init(weights), weights)[0]
    assert all(np.isnan(leaf[0]).all() and np.isfinite(leaf[1]).all() for leaf in updates.values())
