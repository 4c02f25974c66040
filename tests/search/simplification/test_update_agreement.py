"""Counts of differences between programs, against loops in plain NumPy and Python."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.rewriting.terms import Term, make, variable
from lionhunt.proxy_tasks import DigitsMLP, Task
from lionhunt.search.simplification import update_agreement
from lionhunt.search.simplification.update_agreement import (
    UpdateCounts,
    ValueCounts,
    compare_updates,
)

EPS = np.float32(1e-8)
GRADIENTS = np.array([0, 1e-9, 3e-8, 1e-7, 2e-6, 1e-3, 0.5, 3, 1e30, -2, -1e-9, -0.25], np.float32)
G, M = (variable(name, Kind.TREE) for name in "gm")
NUM_STEPS = 12

GUARDED = dsl.parse("def f(w, g, lr):\n  size = abs(g)\n  return g / size")
SIGN = dsl.parse("def f(w, g, lr): return sign(g)")


def planted_task(num_steps: int = NUM_STEPS) -> Task:
    """Return a task whose gradient is its batch of `GRADIENTS`, for all parameters."""

    def batch(data, key):
        keys = jax.random.split(key)
        shapes = ((3, 4), (5,))
        return tuple(
            jax.random.choice(key, jnp.asarray(GRADIENTS), shape)
            for key, shape in zip(keys, shapes, strict=True)
        )

    def loss(params, batch):
        return jnp.sum(params[0] * batch[0]) + jnp.sum(params[1] * batch[1])

    return Task(
        "planted",
        num_steps,
        (),
        lambda data, key: (jnp.ones((3, 4)), jnp.ones(5)),
        batch,
        loss,
        lambda params, data: jnp.zeros(()),
        metric="none",
        higher_is_better=False,
        digest="",
    )


def gradients(task: Task, key) -> np.ndarray:
    """Return the gradient of each step; shape (steps, parameters)."""
    _, batch_key = jax.random.split(key)
    steps = (task.batch(task.data, jax.random.fold_in(batch_key, i)) for i in range(task.num_steps))
    return np.array([np.concatenate([np.ravel(leaf) for leaf in step]) for step in steps])


def count_updates(ones: np.ndarray, others: np.ndarray) -> dict[str, int]:
    """Count the class of every pair of numbers, one by one."""
    counts = dict.fromkeys(UpdateCounts._fields, 0)
    for a, b in zip(map(float, ones.ravel()), map(float, others.ravel()), strict=True):
        largest = max(abs(a), abs(b))
        if a == b or (np.isnan(a) and np.isnan(b)):
            counts["same"] += 1
        elif a == 0 or b == 0:
            counts["zero"] += 1
        elif not np.isfinite(largest) or np.isnan(a + b):
            counts["other"] += 1
        elif abs(a - b) <= 1e-5 * largest:
            counts["rounding"] += 1
        else:
            counts["close" if abs(a - b) <= 1e-2 * largest else "other"] += 1
    return counts


def count_values(values: np.ndarray) -> dict[str, int]:
    counts = dict.fromkeys(ValueCounts._fields, 0)
    for size in map(abs, map(float, values.ravel())):
        if not np.isfinite(size):
            counts["not_finite"] += 1
        elif size == 0:
            counts["zero"] += 1
        elif size < 1e-6:
            counts["guarded" if size < 1e-8 else "tiny"] += 1
        elif size > 1:
            counts["above_one"] += 1
    return counts


def test_a_program_against_itself_is_the_same(key):
    agreement = compare_updates(planted_task(), key, GUARDED, GUARDED)
    assert agreement.updates == (agreement.total, 0, 0, 0, 0) and agreement.values == ()


def test_a_variant_of_a_task_has_the_length_and_the_gradients_of_its_key(key):
    task = dataclasses.replace(planted_task(), horizons=(3, 9), reparametrization=1e12)
    agreement = compare_updates(task, key, GUARDED, GUARDED, [make("abs", G)])
    assert agreement.num_steps == task.at(key).num_steps
    assert agreement.updates == (agreement.total, 0, 0, 0, 0)
    plain = dataclasses.replace(task, reparametrization=1.0)
    others = compare_updates(plain, key, GUARDED, GUARDED, [make("abs", G)])
    assert agreement.num_steps == others.num_steps and agreement.values != others.values


def test_a_guarded_division_differs_from_the_sign_where_the_loop_says(key):
    task = planted_task()
    agreement = compare_updates(task, key, GUARDED, SIGN, [make("abs", G)])
    g = gradients(task, key)
    expected = count_updates(g / (np.abs(g) + EPS), np.sign(g))
    assert agreement.updates._asdict() == expected
    assert min(expected[name] for name in ("same", "close", "other")) > 0
    assert [each._asdict() for each in agreement.values] == [count_values(g)]
    assert (
        agreement.values[0].zero > 0
        and agreement.values[0].guarded > 0
        and agreement.values[0].tiny > 0
    )
    assert (agreement.num_steps, agreement.num_parameters) == (NUM_STEPS, 17)
    assert sum(agreement.updates) == agreement.total == NUM_STEPS * 17


@pytest.mark.parametrize(
    "other, by_numpy",
    [
        ("max(g, 0.0)", lambda g: np.maximum(g, 0)),
        ("g * 1.000001", lambda g: g * np.float32(1.000001)),
        ("g * 1.005", lambda g: g * np.float32(1.005)),
        # One product is infinite.
        ("g * 1e30", lambda g: g * np.float32(1e30)),
        # Some values are NaN.
        ("arcsin(g)", np.arcsin),
    ],
)
def test_classes_of_updates(other, by_numpy, key):
    task = planted_task()
    lead, program = (dsl.parse(f"def f(w, g, lr): return {u}") for u in ("g * 1.0", other))
    g = gradients(task, key)
    with np.errstate(all="ignore"):
        expected = count_updates(g, by_numpy(g).astype(np.float32))
    assert compare_updates(task, key, lead, program).updates._asdict() == expected


def test_states_are_each_programs_own(key):
    lead = dsl.parse("def f(w, g, m, lr):\n  m = m + 1.0\n  return m, m")
    other = dsl.parse("def f(w, g, v, n, lr):\n  v = v + 2.0\n  n = v - 1.0\n  return n, v, n")
    agreement = compare_updates(planted_task(), key, lead, other, [M])
    # Step by step the updates are 1, 2, 3 ... and 1, 3, 5 ...
    assert agreement.updates.same == 17 and agreement.updates.other == 17 * (NUM_STEPS - 1)
    assert agreement.values[0] == (17, 0, 0, 17 * (NUM_STEPS - 2), 0)


def test_the_weights_are_those_of_the_first_program(key):
    """Give both programs the weights of the first one, which halves them."""
    task = planted_task(2)
    halving = dsl.parse("def f(w, g, lr): return w * 0.5")
    predicted = dsl.parse(
        "def f(w, g, m, lr):\n  m = m + 1.0\n  u = m * -1.0\n  return power(2.0, u), m"
    )
    assert compare_updates(task, key, halving, predicted).updates == (34, 0, 0, 0, 0)


@pytest.mark.parametrize("name", ["raw_lion", "adamw"])
def test_a_program_against_itself_differs_by_rounding_at_most(name, key):
    program = dsl.library.load(name)
    task = DigitsMLP(num_steps=6, batch_size=4, width=4, depth=1).build()
    agreement = compare_updates(task, key, program, program)
    same, rounding, *others = agreement.updates
    assert same + rounding == agreement.total and others == [0, 0, 0] and agreement.values == ()
    assert same > agreement.total / 2
    params = task.init(task.data, key)
    assert agreement.num_parameters == sum(leaf.size for leaf in jax.tree.leaves(params))


def test_a_variable_of_any_name_can_be_watched(key):
    program = dsl.parse(
        "def f(w, g, watched0, lr):\n  watched0 = watched0 + g\n  return g, watched0"
    )
    term: Term = variable("watched0", Kind.TREE)
    agreement = compare_updates(planted_task(1), key, program, program, [term])
    assert agreement.values[0].zero == agreement.total == 17


def test_a_training_that_counts_too_far_for_one_loop(key, monkeypatch):
    whole = compare_updates(planted_task(), key, GUARDED, SIGN, [G])
    monkeypatch.setattr(update_agreement, "MAX_COUNT", 17 * 5)
    assert compare_updates(planted_task(), key, GUARDED, SIGN, [G]) == whole


def test_zero_gradients_of_real_training(key):
    """Count gradients of exactly 0, which come from pixels that are 0 in a whole batch."""
    task = dataclasses.replace(DigitsMLP(batch_size=2, width=4, depth=1).build(), num_steps=8)
    agreement = compare_updates(task, key, dsl.library.load("sgd"), SIGN, [G])
    init_key, batch_key = jax.random.split(key)
    params = task.init(task.data, init_key)
    num_zeros, gradient_of = 0, jax.jit(jax.grad(task.loss))
    for index in range(task.num_steps):
        gradient = gradient_of(params, task.batch(task.data, jax.random.fold_in(batch_key, index)))
        num_zeros += sum(int(np.sum(np.asarray(leaf) == 0)) for leaf in jax.tree.leaves(gradient))
        rate = task.schedule(index)
        params = jax.tree.map(lambda p, g: p - rate * g, params, gradient)  # noqa: B023
    assert agreement.values[0].zero == num_zeros > 0
    assert agreement.updates.same >= num_zeros
