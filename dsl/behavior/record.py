"""Records of trainings, and the updates that a program makes of their gradients.

The program does not train: each step gives it recorded weights and gradients. It keeps its own
states.
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lionhunt.dsl.backends import PytreeBackend, ScalarBackend, Value
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program

_OF_ALL_ARRAYS = {"global_norm", "dot", "cosine_sim", "clip"}
"""Reductions that do not depend on how numbers are divided into arrays."""


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """Weights and gradients of one training.

    Attributes:
        shapes: shapes of the arrays of the weights.
        weights, gradients: all arrays laid end to end, before each step; shape=(steps, numbers).
    """

    shapes: tuple[tuple[int, ...], ...]
    weights: np.ndarray
    gradients: np.ndarray

    def scaled(self, factor: float) -> "Record":
        """Return the record with all gradients multiplied by a factor."""
        gradients = self.gradients * np.float32(factor)
        return dataclasses.replace(self, gradients=gradients)

    def with_turned_gradient(self, step: int) -> "Record":
        """Return the record with the opposite gradient at one step."""
        gradients = self.gradients.copy()
        gradients[step] *= -1
        return dataclasses.replace(self, gradients=gradients)


def run_on(program: Program, records: Sequence[Record]) -> list[np.ndarray]:
    """Return the updates that a program makes on records, with a schedule value of 1.

    Args:
        program: valid program.
        records: records of equally many steps.

    Returns:
        The updates, which a training would subtract; shape=(steps, numbers). They may be NaN.
    """
    reductions = {s.op for s in program.statements if OPS[s.op].reduces}
    if reductions:
        # Without arrays to tell apart, one long array is faster.
        is_flat = reductions <= _OF_ALL_ARRAYS
        return [_run_on_arrays(program, record, is_flat) for record in records]
    weights, gradients = (
        np.concatenate(rows, axis=1)
        for rows in ([r.weights for r in records], [r.gradients for r in records])
    )
    updates = _run(program, weights, gradients, ScalarBackend(np), lambda row: row)
    stops = itertools.accumulate(record.weights.shape[1] for record in records)
    return np.split(updates, list(stops)[:-1], axis=1)


def _run_on_arrays(program: Program, record: Record, is_flat: bool) -> np.ndarray:
    shapes = ((record.weights.shape[1],),) if is_flat else record.shapes
    stops = list(itertools.accumulate(map(math.prod, shapes)))[:-1]

    def to_tree(row: np.ndarray) -> Value:
        parts = np.split(row, stops)
        return tuple(part.reshape(shape) for part, shape in zip(parts, shapes, strict=True))

    return _run(program, record.weights, record.gradients, PytreeBackend(np), to_tree)


def _run(
    program: Program,
    weights: np.ndarray,
    gradients: np.ndarray,
    backend: Any,
    to_value: Callable[[np.ndarray], Value],
) -> np.ndarray:
    """Run the steps of a program; `to_value` makes a row of numbers a value of the backend."""
    states: list[Value] = [to_value(np.zeros_like(weights[0]))] * len(program.states)
    like, schedule = states[:1] or [to_value(weights[0])], np.float32(1)
    updates = np.empty_like(weights)
    with np.errstate(all="ignore"):
        for weight, gradient, row in zip(weights, gradients, updates, strict=True):
            inputs = [to_value(weight), to_value(gradient), *states, schedule]
            update, *states = run(
                program, inputs, lambda op, *args: op.evaluate(backend, *args), np.float32
            )
            value = backend.broadcast(update, *like)[0]
            is_tree = isinstance(value, tuple)
            row[:] = np.concatenate([np.ravel(a) for a in value]) if is_tree else value
    return updates
