"""A toy objective for simulated searches: the optimizer minimizes a noisy quadratic, in NumPy.

An evaluation takes a millisecond. The loss is a sum of squares, with curvatures over two decades
and noisy gradients, for a few steps. It shows how soon a search gets better. It does not show which
optimizers train networks.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from lionhunt.dsl.backends import FlatBackend, ScalarBackend
from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status

NUM_STEPS = 20
CURVATURES = np.logspace(-2, 0, 24)
NOISE = 0.05
"""The standard deviation of the noise; the first gradients are about 0.01 to 1."""
START = 0.7
"""The standard deviation of the first weights, and of the minimum."""

METRIC = {
    "name": "quadratics",
    "metric": "decades off the loss",
    "higher_is_better": True,
    "digest": "",
}
"""The task, as recorded."""

_BACKENDS = {kind: FlatBackend((CURVATURES.shape,), kind, np) for kind in Kind}
_BACKENDS |= {Kind.SCALAR: ScalarBackend(np)}


class QuadraticScorer:
    """A scorer of candidates by the decades that they take off the loss.

    Args:
        seed: of the start, the minimum and the noise, which are the same for all candidates.
    """

    def __init__(self, seed: int = 0):
        rng = np.random.Generator(np.random.PCG64(seed))
        self._start, self._minimum = START * rng.standard_normal((2, *CURVATURES.shape))
        self._noise = NOISE * rng.standard_normal((NUM_STEPS, *CURVATURES.shape))

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        return [self._evaluate(job.bytecode) for job in jobs]

    def _evaluate(self, bytecode: Bytecode) -> Measurement:
        step = make_step(bytecode)
        weights = self._start
        states = first_states(bytecode)
        with np.errstate(all="ignore"):
            for number, noise in enumerate(self._noise):
                gradient = CURVATURES * (weights - self._minimum) + noise
                update, *states = step(weights, gradient, states, 1 - number / NUM_STEPS)
                weights = weights - update
            decades = float(np.log10(self._loss(self._start) / self._loss(weights)))
        if not np.isfinite(decades):
            return Measurement(Status.NOT_FINITE)
        return Measurement(Status.OK, (decades,))

    def _loss(self, weights: np.ndarray) -> np.float64:
        return CURVATURES @ (weights - self._minimum) ** 2


ProgramStep = Callable[[np.ndarray, np.ndarray, Sequence[np.ndarray], float], list[np.ndarray]]


def first_states(bytecode: Bytecode) -> list[np.ndarray]:
    """Return the states at the first step: arrays with the shape of `CURVATURES`, then numbers."""
    size = bytecode.shape
    arrays = [np.zeros_like(CURVATURES)] * (size.num_per_array + size.num_trees)
    return arrays + [np.zeros(())] * size.num_numbers


def make_step(bytecode: Bytecode) -> ProgramStep:
    """Return a function that runs a step of a program, in float64 and not compiled.

    It computes as `dsl.execution.machine.run` does.

    Returns:
        A function of weights, gradient, states and the schedule value. The weights are one array
        with the shape of `CURVATURES`. It returns the update and the new states.
    """
    size = bytecode.shape
    num_rows, num_arrays = size.num_vector_registers, size.num_per_array + size.num_trees
    spare = [np.zeros_like(CURVATURES)] * (num_rows - 2 - num_arrays)
    constants = bytecode.scalar_registers[1 + size.num_numbers :].astype(np.float64)
    code = [
        *_decode(bytecode.scalar_code[: bytecode.num_scalar_code], num_rows),
        *_decode(bytecode.vector_code[: bytecode.num_vector_code], 0),
    ]
    arrays = [int(bytecode.update), *bytecode.per_array.tolist(), *bytecode.trees.tolist()]
    numbers = bytecode.numbers.tolist()

    def step(weights, gradient, states, schedule):
        vectors = [weights, gradient, *states[:num_arrays], *spare]
        values = [*vectors, np.float64(schedule), *states[num_arrays:], *constants]
        for op, backend, operands, target in code:
            args = [values[k] for k in operands]
            if op.reduces:
                args = [_spread(arg) for arg in args]
            values[target] = op.evaluate(backend, *args)
        return [_spread(values[k]) for k in arrays] + [values[k].flat[0] for k in numbers]

    return step


def _spread(value: Any) -> np.ndarray:
    """Return an array with the shape of `CURVATURES`; a scalar is repeated."""
    return value if value.shape else np.broadcast_to(value, CURVATURES.shape)


def _decode(code: np.ndarray, first: int) -> Iterator[tuple[Op, Any, list[int], int]]:
    """Yield instructions as function, backend, registers of operands, and register of the result.

    Args:
        code: shape=(instructions, 6).
        first: the first register of the results.
    """
    ops = tuple(OPS.values())
    for number, *operands, target, kind in code.tolist():
        op = ops[number]
        yield op, _BACKENDS[Kind(kind)], operands[: op.arity], first + target
