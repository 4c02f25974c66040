"""Programs in NumPy and float64, step by step, for exact experiments."""

from typing import Any

import numpy as np

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.backends import ScalarBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program


class Replay:
    """A program and its states. Every element of an array is a separate parameter.

    Constants are not rounded to float32.

    Args:
        program: a valid program of elementwise functions.
        shape: of weights and gradients.

    Attributes:
        states: live states by name, zeros at the beginning.

    Raises:
        ValueError: a function of the program is not elementwise.
    """

    def __init__(self, program: Program, shape: tuple[int, ...]):
        self._program = simplify(program)
        for statement in self._program.statements:
            if OPS[statement.op].reduces:
                raise ValueError(f"{statement.op} is not elementwise")
        self._shape = shape
        self.states: dict[str, np.ndarray] = {
            name: np.zeros(shape) for name in self._program.states
        }

    def step(self, weights: np.ndarray, gradient: np.ndarray, learning_rate: float) -> np.ndarray:
        """Take a step and return the update to subtract from the weights."""
        inputs = [weights, gradient, *self.states.values(), np.float64(learning_rate)]
        outputs = run(self._program, inputs, _apply, np.float64)
        update, *states = (
            value if value.shape == self._shape else np.broadcast_to(value, self._shape)
            for value in outputs
        )
        self.states = dict(zip(self.states, states, strict=True))
        return update


_BACKEND = ScalarBackend(np)


def _apply(op: Op, *values: Any) -> Any:
    return op.evaluate(_BACKEND, *values)
