"""Agreement of the updates of two programs while one of them trains, counted number by number.

The first program leads: it trains the weights. The second gets the same weights and gradients and
keeps its own states. Each of its updates is compared with that of the first program.
"""

import dataclasses
import itertools
from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lionhunt.dsl.interpreter import evaluate
from lionhunt.dsl.ops import EPS
from lionhunt.dsl.program import Program, Var
from lionhunt.dsl.rewriting.terms import OUTPUTS, Term, make, to_program, to_term
from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.augmentation import draw_scales, to_model, to_stored

ROUNDING, CLOSE = 1e-5, 1e-2
"""Largest relative differences of the classes `rounding` and `close`."""
MAX_COUNT = 2**31 - 1
"""Largest count of a compiled loop; a longer training takes several loops."""


class UpdateCounts(NamedTuple):
    """Counts of the differences between two updates; every number is in one class.

    Attributes:
        same: equal, or both NaN.
        rounding: the difference is at most 1e-5 of the larger; two copies of one formula may
            differ by that, if the compiler fuses them in different ways.
        close: at most 1 %.
        zero: one of them is 0, the other is not.
        other: all others.
    """

    same: int
    rounding: int
    close: int
    zero: int
    other: int


class ValueCounts(NamedTuple):
    """Counts of the sizes of a value of the first program; other sizes are not counted.

    Attributes:
        zero: exactly 0.
        guarded: not 0, but below 1e-8: the guard of a division outweighs it.
        tiny: from 1e-8 to 1e-6: the guard changes it by more than 1 %.
        above_one: larger than 1.
        not_finite: NaN or infinite.
    """

    zero: int
    guarded: int
    tiny: int
    above_one: int
    not_finite: int


class UpdateAgreement(NamedTuple):
    """The counts of one training.

    Attributes:
        num_steps: training steps.
        num_parameters: numbers in an update.
        updates: counts of the differences between both updates.
        values: counts of the sizes of each watched value.
    """

    num_steps: int
    num_parameters: int
    updates: UpdateCounts
    values: tuple[ValueCounts, ...]

    @property
    def total(self) -> int:
        """Return the number of compared numbers."""
        return self.num_steps * self.num_parameters


def compare_updates(
    task: Task, key: jax.Array, lead: Program, other: Program, watched: Sequence[Term] = ()
) -> UpdateAgreement:
    """Train with one program, and compare the updates of another with its updates.

    Args:
        task: the task.
        key: the source of all randomness.
        lead: the program that trains.
        other: the program that is compared.
        watched: values of `lead`, as terms over its inputs.
    """
    watching = _with_watched_states(lead, watched)
    init_key, batch_key = jax.random.split(key)
    num_steps = int(task.at(key).num_steps)
    schedule_of = dataclasses.replace(task, num_steps=num_steps).schedule
    params = task.init(task.data, init_key)
    scales = draw_scales(key, task.reparametrization, len(jax.tree.leaves(params)))
    params = to_stored(params, scales)
    gradient_of = jax.grad(lambda stored, batch: task.loss(to_model(stored, scales), batch))

    def step(index, carry):
        params, states, other_states, updates, values = carry
        gradient = gradient_of(params, task.batch(task.data, jax.random.fold_in(batch_key, index)))
        schedule = schedule_of(index)
        update, states = evaluate(watching, params, gradient, states, schedule)
        other_update, other_states = evaluate(other, params, gradient, other_states, schedule)
        updates += _count_differences(_flat(update), _flat(other_update))
        if watched:
            values += jnp.stack([_count_sizes(_flat(each)) for each in states[-len(watched) :]])
        params = jax.tree.map(jnp.subtract, params, update)
        return params, states, other_states, updates, values

    @jax.jit
    def run(start, stop, params, states, other_states):
        updates = jnp.zeros(len(UpdateCounts._fields), jnp.int32)
        values = jnp.zeros((len(watched), len(ValueCounts._fields)), jnp.int32)
        return lax.fori_loop(start, stop, step, (params, states, other_states, updates, values))

    zeros = jax.tree.map(jnp.zeros_like, params)
    states, other_states = (tuple(zeros for _ in each.states) for each in (watching, other))
    num_parameters = sum(leaf.size for leaf in jax.tree.leaves(params))
    stops = [*range(0, num_steps, max(1, MAX_COUNT // num_parameters)), num_steps]
    updates = np.zeros(len(UpdateCounts._fields), np.int64)
    values = np.zeros((len(watched), len(ValueCounts._fields)), np.int64)
    carry = (params, states, other_states)
    for start, stop in itertools.pairwise(stops):
        *carry, update_counts, value_counts = run(start, stop, *carry)
        updates += np.asarray(update_counts)
        values += np.asarray(value_counts)
    return UpdateAgreement(
        num_steps,
        num_parameters,
        UpdateCounts(*updates.tolist()),
        tuple(ValueCounts(*counts) for counts in values.tolist()),
    )


def _with_watched_states(program: Program, watched: Sequence[Term]) -> Program:
    """Return the program with some of its values as further states."""
    # No variable of a program has a space in its name.
    names = tuple(f"watched {i}" for i in range(len(watched)))
    *trees, schedule = program.inputs
    outputs = (*program.outputs, *map(Var, names))
    like = Program((*trees, *names, schedule), program.statements, outputs)
    return to_program(make(OUTPUTS, *to_term(program).args, *watched), like)


def _flat(tree) -> jax.Array:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def _count_differences(a: jax.Array, b: jax.Array) -> jax.Array:
    same = (a == b) | (jnp.isnan(a) & jnp.isnan(b))
    zero = ~same & ((a == 0) | (b == 0))
    size = jnp.maximum(jnp.abs(a), jnp.abs(b))
    # Any share of infinity is infinite.
    size = jnp.where(jnp.isfinite(size), size, 0.0)
    difference = jnp.abs(a - b)
    rounding = ~same & ~zero & (difference <= ROUNDING * size)
    close = ~same & ~zero & ~rounding & (difference <= CLOSE * size)
    classes = [same, rounding, close, zero]
    counts = [jnp.sum(each, dtype=jnp.int32) for each in classes]
    return jnp.stack([*counts, a.size - sum(counts)])


def _count_sizes(value: jax.Array) -> jax.Array:
    size = jnp.abs(value)
    classes = (
        size == 0,
        (size > 0) & (size < EPS),
        (size >= EPS) & (size < EPS / CLOSE),
        (size > 1) & jnp.isfinite(size),
        ~jnp.isfinite(size),
    )
    return jnp.stack([jnp.sum(each, dtype=jnp.int32) for each in classes])
