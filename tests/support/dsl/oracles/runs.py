"""The run in which programs and oracles are compared: weights, gradients and learning rates.

Oracles compute in float64, from the float32 values of a program's constants. In float32, the
rounding of optax would be most of the difference: 1e-5 for Adam, 0.3 % for RAdam.
"""

import jax
import numpy as np

from lionhunt.dsl import library
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run as evaluate
from lionhunt.dsl.program import Program
from tests.support.dsl.oracles.oracle import Run
from tests.support.dsl.values import SHAPES, draw_tree

NUM_STEPS = 100

SMALL = {"faint": 1e-8, "vanishing": 1e-15}
"""Arrays whose numbers are so small that every epsilon matters, and their scales."""
ALL_SHAPES = (
    SHAPES | {"matrix": (4, 3), "wide": (3, 5), "matrices": (2, 3, 4)} | dict.fromkeys(SMALL, (3,))
)


def draw_weights(rng: np.random.Generator):
    """Return a tree of random numbers, with some small arrays."""
    weights = draw_tree(rng, shapes=ALL_SHAPES)
    return weights | {name: weights[name] * scale for name, scale in SMALL.items()}


def draw_gradient(rng: np.random.Generator, slope):
    """Draw a gradient around a slope, of a scale from 0.001 to 1; one number in ten is zero."""
    scale = 10 ** rng.uniform(-3, 0)
    return jax.tree.map(
        lambda s, d: (s + d) * np.float32(scale * (rng.random(s.shape) > 0.1)),
        slope,
        draw_weights(rng),
    )


def draw_run(seed: int = 1) -> Run:
    """Draw a run in float32: weights that wander down a slope, and a changing learning rate."""
    rng = np.random.default_rng(seed)
    slope = draw_weights(rng)
    weights = [draw_weights(rng)]
    for _ in range(NUM_STEPS - 1):
        step = jax.tree.map(lambda s, d: 0.02 * (s + d), slope, draw_weights(rng))
        weights.append(jax.tree.map(np.subtract, weights[-1], step))
    gradients = [draw_gradient(rng, slope) for _ in range(NUM_STEPS)]
    rates = (0.02 + 0.01 * np.cos(0.05 * np.arange(NUM_STEPS))).astype(np.float32)
    return Run(stacked(weights), stacked(gradients), rates)


def stacked(trees):
    """Return one tree of the arrays of all."""
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


def in_float64(run: Run) -> Run:
    """Return the same numbers in float64."""
    return Run(*jax.tree.map(np.float64, tuple(run)))


def constants_of(name: str) -> dict[str, float]:
    """Return the constants of a program of the library by their names."""
    return {constant.name: constant.value for constant in library.doc(name).constants}


def as_float32(constants: dict[str, float]) -> dict[str, float]:
    """Return the float64 numbers that a program in float32 has as its constants."""
    return {name: float(np.float32(value)) for name, value in constants.items()}


def interpret(program: Program, run: Run, num_steps: int = NUM_STEPS):
    """Return the updates of a program in NumPy and float32, since compilation takes longer."""
    backend, updates = PytreeBackend(np), []

    def apply(op, *values):
        return op.evaluate(backend, *values)

    leaves, structure = jax.tree.flatten(run.weights)
    gradients = jax.tree.leaves(run.gradients)
    states = [tuple(np.zeros_like(leaf[0]) for leaf in leaves) for _ in program.states]
    for step in range(num_steps):
        # An index of an array with one axis would give a number, which has other types.
        weights = tuple(leaf[step, ...] for leaf in leaves)
        gradient = tuple(leaf[step, ...] for leaf in gradients)
        inputs = [weights, gradient, *states, run.rates[step]]
        update, *states = evaluate(program, inputs, apply, np.float32)
        updates.append(structure.unflatten(map(np.negative, update)))
    return stacked(updates)
