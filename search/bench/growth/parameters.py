"""Growth with the parameters of a task: a step of the optimizer, a step of training, memory."""

import math
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jax import lax

from lionhunt.dsl import library
from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.new_process import resident_mib, run_apart
from lionhunt.search.bench.tasks import measure_training

OPTIMIZER = "adamw_initial"
ROUND_SECONDS = 0.2
NUM_ROUNDS = 5
PROBE_STEPS = 3
PARAMETER_STEPS = 2e7
"""Steps of a training, times parameters."""
MIN_STEPS, MAX_STEPS = 50, 500


def measure_parameters(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of parameters, each measured in a process of its own.

    The number in a row is that of the network, which is the nearest with a whole width.
    """
    for size in sizes:
        yield run_apart(_measure_task, size)


def _measure_task(size: int) -> dict[str, Any]:
    """Return the row of the network of about this size."""
    bytecode = assemble(library.load(OPTIMIZER))
    num_steps = int(min(MAX_STEPS, max(MIN_STEPS, PARAMETER_STEPS / size)))
    task = DigitsMLP(width=width_of(size), num_steps=num_steps).build()
    compile_seconds, training_seconds = measure_training(task, bytecode, num_steps)
    # The task alone is measured here: a search keeps nothing else of this size.
    mib = resident_mib()
    return {
        "parameters": task.num_parameters,
        "optimizer_ms": 1e3 * time_optimizer_step(bytecode, task.num_parameters),
        "training_ms": 1e3 * training_seconds / num_steps,
        "training_steps": num_steps,
        "compile_seconds": compile_seconds,
        "mib": mib,
    }


def width_of(num_parameters: int) -> int:
    """Return the width of the MLP on digits with about this number of parameters.

    Two hidden layers of width n on 64 pixels and 10 digits have n^2 + 76 n + 10 parameters.
    """
    return max(1, round(-38 + math.sqrt(38**2 - 10 + num_parameters)))


def time_optimizer_step(bytecode: Bytecode, num_parameters: int) -> float:
    """Return the processor time of a step by the machine on one array, in seconds: a median."""
    optimizer = machine.as_optimizer(bytecode, 1.0, bytecode.functions)

    @jax.jit
    def advance(weights, state, num_steps):
        def step(_, carry):
            weights, state = carry
            # The weights are the gradient of half their square.
            updates, state = optimizer.update(weights, state, weights)
            return optax.apply_updates(weights, updates), state

        return lax.fori_loop(0, num_steps, step, (weights, state))

    weights = jnp.linspace(-1.0, 1.0, num_parameters, dtype=jnp.float32)
    state = optimizer.init(weights)

    def seconds(num_steps: int) -> float:
        start = time.process_time()
        jax.block_until_ready(advance(weights, state, num_steps))
        return time.process_time() - start

    # The first call compiles.
    seconds(PROBE_STEPS)
    num_steps = math.ceil(PROBE_STEPS * ROUND_SECONDS / max(seconds(PROBE_STEPS), 1e-4))
    return statistics.median(seconds(num_steps) for _ in range(NUM_ROUNDS)) / num_steps


AXIS = GrowthAxis(
    "parameters",
    "A step of AdamW by the machine on one array, and a whole training step of an MLP on digits "
    "with 64 examples: processor time on one core. Memory is that of the process once it has "
    "trained. Each size has a process of its own.",
    (
        GrowthCurve("training_ms", "training step", "ms"),
        GrowthCurve("optimizer_ms", "step of the optimizer alone", "ms"),
        GrowthCurve("mib", "memory of the process", "MiB"),
    ),
    (1000, 10_000, 31_623, 100_000, 316_228, 1_000_000),
    (),
    measure_parameters,
)
