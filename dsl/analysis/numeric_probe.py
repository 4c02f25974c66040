"""Numeric probe: a few steps of a canonical form on small arrays, in NumPy and float64.

The arrays have odd shapes. Several runs go side by side, each a row.
"""

from collections.abc import Sequence

import numpy as np

from lionhunt.dsl.analysis.canonical import Canonical
from lionhunt.dsl.backends import FlatBackend, ScalarBackend
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS

SHAPES = ((), (3,), (2, 3))
"""Shapes of the weights."""
NUM_PARAMETERS = sum(int(np.prod(shape)) for shape in SHAPES)

_BACKENDS = {Kind.SCALAR: ScalarBackend(np)} | {
    kind: FlatBackend(SHAPES, kind, np) for kind in (Kind.PER_ARRAY, Kind.TREE)
}


def probe(
    canonical: Canonical,
    weights: np.ndarray,
    gradients: np.ndarray,
    schedule: Sequence[np.ndarray] | np.ndarray,
) -> np.ndarray:
    """Return the updates of each step.

    Args:
        canonical: the program.
        weights, gradients: of each step; shape=(steps, runs, NUM_PARAMETERS).
        schedule: schedule values of each step: numbers, or arrays of shape=(runs, 1).

    Returns:
        shape=(steps, runs, NUM_PARAMETERS), dtype=float64.
    """
    shape = weights.shape[1:]
    states = [np.zeros(shape)] * canonical.num_states
    constants = [np.float64(constant) for constant in canonical.constants]
    updates = []
    with np.errstate(all="ignore"):
        for weight, gradient, value in zip(weights, gradients, schedule, strict=True):
            values = [weight, gradient, value, *states, *constants]
            for name, operands, _, argument_kind in canonical.instructions:
                op = OPS[name]
                args = [values[k] for k in operands]
                if op.reduces and argument_kind is not Kind.SCALAR:
                    args = [np.broadcast_to(arg, shape) for arg in args]
                values.append(op.evaluate(_BACKENDS[argument_kind], *args))
            update, *states = [np.broadcast_to(values[k], shape) for k in canonical.outputs]
            updates.append(update)
    return np.array(updates)
