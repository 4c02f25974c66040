"""Known optimizers written by hand in optax, each with the equivalent program.

The machine is compared with these. Schedules have peak 1, so a peak learning rate is a constant of
both.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from lionhunt.dsl import library
from lionhunt.dsl.edits.statements import insert
from lionhunt.dsl.program import Const, Program, Statement, Var

Make = Callable[[optax.Schedule], optax.GradientTransformation]
"""Builds an optimizer from a schedule with peak 1."""


class Optimizer(NamedTuple):
    """One optimizer, written twice.

    Attributes:
        program: program for the machine.
        make: builds it in optax.
    """

    program: Program
    make: Make


def _with_peak(name: str, peak: float) -> Program:
    """Return a program of the library, its learning rate times `peak`."""
    program = library.load(name)
    rate = program.inputs[-1]
    return insert(program, 0, Statement(rate, "multiply", (Var(rate), Const(peak))))


def _times(schedule: optax.Schedule, peak: float) -> optax.Schedule:
    return lambda step_count: peak * schedule(step_count)


def _zeros(params):
    return jax.tree.map(jnp.zeros_like, params)


def adamw_initial(schedule: optax.Schedule) -> optax.GradientTransformation:
    """Build AdamW without bias correction, the initial program (`adamw_initial`)."""

    def init(params):
        return jnp.zeros((), jnp.int32), _zeros(params), _zeros(params)

    def update(updates, state, params=None):
        step_count, m, v = state
        lr = 0.001 * schedule(step_count)
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, updates)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, updates)

        def to_update(m, v, w):
            return -lr * (m / (jnp.sqrt(v) + 1e-8) + 0.01 * w)

        return jax.tree.map(to_update, m, v, params), (step_count + 1, m, v)

    return optax.GradientTransformation(init, update)


def raw_lion(schedule: optax.Schedule) -> optax.GradientTransformation:
    """Build the needed statements of the paper's Program 8 (`raw_lion` in the library)."""
    beta1 = 0.8999999761581421
    beta2 = 1.109133005142212

    def init(params):
        return jnp.zeros((), jnp.int32), _zeros(params)

    def update(updates, state, params=None):
        step_count, v = state
        limit = schedule(step_count)
        norm = optax.tree.norm(updates)
        scale = jnp.where(norm > limit, limit / norm, 1.0)
        g = jax.tree.map(lambda g: jnp.arcsin(g * scale), updates)
        m = jax.tree.map(lambda g, v: (1 - beta1) * g + beta1 * v, g, v)
        v = jax.tree.map(lambda g, m: (1 - beta2) * g + beta2 * m, g, m)
        lr = 0.0002171761734643951 * limit

        def to_update(m, w):
            return -(m * lr / (jnp.abs(m) + 1e-8) + lr * 0.4601978361606598 * w)

        return jax.tree.map(to_update, m, params), (step_count + 1, v)

    return optax.GradientTransformation(init, update)


def muon(schedule: optax.Schedule) -> optax.GradientTransformation:
    """Build Muon of every array, a vector as one column (`muon` in the library)."""

    def init(params):
        return jnp.zeros((), jnp.int32), _zeros(params)

    def update(updates, state, params=None):
        step_count, m = state
        lr = 0.02 * schedule(step_count)
        m = jax.tree.map(lambda m, g: 0.95 * m + 0.05 * g, m, updates)

        def to_update(m, g):
            x = 0.95 * m + 0.05 * g
            matrices = jnp.reshape(x, x.shape if x.ndim > 1 else (x.size, 1))
            num_rows, num_columns = matrices.shape[-2:]
            scale = max(1.0, num_rows / num_columns) ** 0.5
            x = matrices / (jnp.sqrt(jnp.sum(matrices * matrices)) + 1e-8)
            # The products are smaller where the shorter side comes first.
            x = x if num_rows <= num_columns else jnp.swapaxes(x, -1, -2)
            for _ in range(5):
                gram = x @ jnp.swapaxes(x, -1, -2)
                x = 3.4445 * x + (-4.775 * gram + 2.0315 * gram @ gram) @ x
            x = x if num_rows <= num_columns else jnp.swapaxes(x, -1, -2)
            return -lr * scale * jnp.reshape(x, m.shape)

        return jax.tree.map(to_update, m, updates), (step_count + 1, m)

    return optax.GradientTransformation(init, update)


OPTIMIZERS: dict[str, Optimizer] = {
    "adamw": Optimizer(
        _with_peak("adamw", 1e-3),
        lambda schedule: optax.adamw(_times(schedule, 1e-3), weight_decay=0.01),
    ),
    "adamw_initial": Optimizer(library.load("adamw_initial"), adamw_initial),
    "lion": Optimizer(
        _with_peak("lion", 1e-3),
        lambda schedule: optax.lion(_times(schedule, 1e-3), b1=0.9, b2=0.99, weight_decay=0.1),
    ),
    "raw_lion": Optimizer(library.load("raw_lion"), raw_lion),
    "momentum": Optimizer(
        _with_peak("momentum", 1e-2),
        lambda schedule: optax.sgd(_times(schedule, 1e-2), momentum=0.9),
    ),
    "muon": Optimizer(_with_peak("muon", 0.02), muon),
}


def gradient_alone(schedule: optax.Schedule) -> optax.GradientTransformation:
    """Build the floor of the cost: forward and backward passes.

    Weights move by 1e-6 of the gradient, so the compiler cannot leave the gradient out.
    """
    return optax.sgd(1e-6)
