"""Where two programs differ while one of them trains: counted number by number.

The first program leads: the weights are its own. The second sees the same weights and gradients,
keeps states of its own, and its updates are compared with those of the first.
"""

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

ROUNDING, CLOSE = 1e-5, 1e-2
"""Relative differences up to which updates differ by rounding, and by little."""
MAX_COUNT = 2**31 - 1
"""How far a compiled loop counts; a longer training takes several."""


class UpdateCounts(NamedTuple):
    """How often the updates of two programs agree; every number is in one class.

    Attributes:
        same: equal, or both NaN.
        rounding: up to 1e-5 of the larger; two copies of one formula may differ so much, where the
            compiler fuses them in different ways.
        close: up to 1 %.
        zero: one of them is 0, the other is not.
        other: all others.
    """

    same: int
    rounding: int
    close: int
    zero: int
    other: int


class ValueCounts(NamedTuple):
    """What a value of the first program is like; the rest is none of these.

    Attributes:
        zero: exactly 0.
        guarded: not 0, but below 1e-8, where the guard of a division outweighs it.
        tiny: from 1e-8 to 1e-6, where the guard changes it by more than 1 %.
        above_one: larger than 1.
        not_finite: NaN or infinite.
    """

    zero: int
    guarded: int
    tiny: int
    above_one: int
    not_finite: int


class Shadow(NamedTuple):
    """What was counted in one training.

    Attributes:
        num_steps: training steps.
        num_parameters: numbers in an update.
        updates: of both programs.
        values: one for each watched value.
    """

    num_steps: int
    num_parameters: int
    updates: UpdateCounts
    values: tuple[ValueCounts, ...]

    @property
    def total(self) -> int:
        """Numbers compared."""
        return self.num_steps * self.num_parameters


def shadow(
    task: Task, key: jax.Array, lead: Program, other: Program, watched: Sequence[Term] = ()
) -> Shadow:
    """Trains with one program and compares another with it.

    Args:
        task: what to train on.
        key: all randomness.
        lead: the program that trains.
        other: the one that is compared.
        watched: values of `lead`, as terms over its inputs.
    """
    watching = _watching(lead, watched)
    init_key, batch_key = jax.random.split(key)
    gradient_of = jax.grad(task.loss)

    def step(index, carry):
        params, states, other_states, updates, values = carry
        gradient = gradient_of(params, task.batch(task.data, jax.random.fold_in(batch_key, index)))
        schedule = task.schedule(index)
        update, states = evaluate(watching, params, gradient, states, schedule)
        others, other_states = evaluate(other, params, gradient, other_states, schedule)
        updates += _compare(_flat(update), _flat(others))
        if watched:
            values += jnp.stack([_classify(_flat(each)) for each in states[-len(watched) :]])
        params = jax.tree.map(jnp.subtract, params, update)
        return params, states, other_states, updates, values

    @jax.jit
    def run(start, stop, params, states, other_states):
        counts = jnp.zeros(len(UpdateCounts._fields), jnp.int32)
        seen = jnp.zeros((len(watched), len(ValueCounts._fields)), jnp.int32)
        return lax.fori_loop(start, stop, step, (params, states, other_states, counts, seen))

    params = task.init(task.data, init_key)
    zeros = jax.tree.map(jnp.zeros_like, params)
    states, other_states = (tuple(zeros for _ in each.states) for each in (watching, other))
    num_parameters = sum(leaf.size for leaf in jax.tree.leaves(params))
    stops = [*range(0, task.num_steps, max(1, MAX_COUNT // num_parameters)), task.num_steps]
    updates = np.zeros(len(UpdateCounts._fields), np.int64)
    values = np.zeros((len(watched), len(ValueCounts._fields)), np.int64)
    for start, stop in itertools.pairwise(stops):
        params, states, other_states, counts, seen = run(start, stop, params, states, other_states)
        updates += np.asarray(counts)
        values += np.asarray(seen)
    return Shadow(
        task.num_steps,
        num_parameters,
        UpdateCounts(*updates.tolist()),
        tuple(ValueCounts(*counts) for counts in values.tolist()),
    )


def _watching(program: Program, watched: Sequence[Term]) -> Program:
    """The program with values of its own as further states."""
    names = tuple(f"watched {i}" for i in range(len(watched)))  # no variable has a space
    *trees, schedule = program.inputs
    outputs = (*program.outputs, *map(Var, names))
    like = Program((*trees, *names, schedule), program.statements, outputs)
    return to_program(make(OUTPUTS, *to_term(program).args, *watched), like)


def _flat(tree) -> jax.Array:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in jax.tree.leaves(tree)])


def _compare(a: jax.Array, b: jax.Array) -> jax.Array:
    same = (a == b) | (jnp.isnan(a) & jnp.isnan(b))
    zero = ~same & ((a == 0) | (b == 0))
    size = jnp.maximum(jnp.abs(a), jnp.abs(b))
    size = jnp.where(jnp.isfinite(size), size, 0.0)  # of infinity, any share is infinite
    difference = jnp.abs(a - b)
    rounding = ~same & ~zero & (difference <= ROUNDING * size)
    close = ~same & ~zero & ~rounding & (difference <= CLOSE * size)
    classes = [same, rounding, close, zero]
    counts = [jnp.sum(each, dtype=jnp.int32) for each in classes]
    return jnp.stack([*counts, a.size - sum(counts)])


def _classify(value: jax.Array) -> jax.Array:
    size = jnp.abs(value)
    classes = (
        size == 0,
        (size > 0) & (size < EPS),
        (size >= EPS) & (size < EPS / CLOSE),
        (size > 1) & jnp.isfinite(size),
        ~jnp.isfinite(size),
    )
    return jnp.stack([jnp.sum(each, dtype=jnp.int32) for each in classes])
