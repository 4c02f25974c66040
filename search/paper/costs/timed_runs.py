"""Lion and AdamW at work, each compiled by itself: the optimizer alone, or whole training steps."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.dsl import as_optimizer, library, parse
from lionhunt.proxy_tasks.task import Task

LEARNING_RATE = 1e-6
"""Small enough that nothing diverges in any number of steps."""

LION = parse(
    """
def lion(w, g, m, lr):
  m = interp(g, m, 0.99)
  update = sign(m + g * 0.1) + w * 0.1
  return lr * update, m
"""
)
"""Lion with its update from the new momentum m'.

0.9 m + 0.1 g equals 0.9 / 0.99 times m' + 0.1 g. In the usual form, the update and the new momentum
both read the old momentum. XLA on a CPU then copies the old momentum before overwriting it. This
form needs no copy.
"""

Make = Callable[[], optax.GradientTransformation]


class TimedPair(NamedTuple):
    """Makers of the two compared optimizers."""

    lion: Make
    adamw: Make


PAIRS = {
    "program": TimedPair(
        lambda: as_optimizer(library.load("lion"), LEARNING_RATE),
        lambda: as_optimizer(library.load("adamw"), LEARNING_RATE),
    ),
    "optax": TimedPair(
        lambda: optax.lion(LEARNING_RATE, weight_decay=0.1),
        lambda: optax.adamw(LEARNING_RATE, weight_decay=0.01),
    ),
    "rearranged": TimedPair(
        lambda: as_optimizer(LION, LEARNING_RATE),
        lambda: optax.adamw(LEARNING_RATE, weight_decay=0.01),
    ),
}
"""Pairs by implementation.

- program: programs of the library.
- optax: the optimizers of optax.
- rearranged: the `LION` above against AdamW of optax.
"""


class Runner(NamedTuple):
    """An optimizer at work.

    Attributes:
        run: takes a number of steps and waits for them. It returns parameters and states, whose
            buffers the next call reuses.
        scratch: bytes of temporary memory of a step.
    """

    run: Callable[[int], tuple[Any, Any]]
    scratch: int


def draw_model(num_parameters: int, seed: int) -> dict[str, jax.Array]:
    """Draw two feed-forward blocks with about `num_parameters` parameters."""
    width = max(1, round((num_parameters / 16) ** 0.5))
    block = {
        "up": (width, 4 * width),
        "hidden": 4 * width,
        "down": (4 * width, width),
        "out": width,
    }
    rng = np.random.default_rng(seed)
    return {
        f"{part}{number}": jnp.asarray(rng.standard_normal(shape, np.float32))
        for number in range(2)
        for part, shape in block.items()
    }


def run_steps(optimizer: optax.GradientTransformation, params: Any, gradient: Any) -> Runner:
    """Compile the optimizer alone, on a copy of the parameters.

    The loop over steps is not compiled. A compiled loop would hoist computations of the constant
    gradient.
    """

    def step(params, state, gradient):
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state

    carry = _start(optimizer, params)
    compiled = jax.jit(step, donate_argnums=(0, 1)).lower(*carry, gradient).compile()

    def run(num_steps: int):
        nonlocal carry
        for _ in range(num_steps):
            carry = compiled(*carry, gradient)
        return jax.block_until_ready(carry)

    return Runner(run, _scratch(compiled))


def run_training(task: Task, optimizer: optax.GradientTransformation, params: Any) -> Runner:
    """Compile training with its loop over steps, beginning with a copy of the parameters."""

    def loop(params, state, start, stop, data):
        def step(index, carry):
            params, state = carry
            batch = task.batch(data, jax.random.fold_in(jax.random.key(0), index))
            updates, state = optimizer.update(jax.grad(task.loss)(params, batch), state, params)
            return optax.apply_updates(params, updates), state

        return lax.fori_loop(start, stop, step, (params, state))

    carry, start = _start(optimizer, params), 0
    counts = np.int32(0), np.int32(0)
    compiled = jax.jit(loop, donate_argnums=(0, 1)).lower(*carry, *counts, task.data).compile()

    def run(num_steps: int):
        nonlocal carry, start
        carry = compiled(*carry, np.int32(start), np.int32(start + num_steps), task.data)
        start += num_steps
        return jax.block_until_ready(carry)

    return Runner(run, _scratch(compiled))


def _start(optimizer: optax.GradientTransformation, params: Any) -> tuple[Any, Any]:
    return jax.tree.map(jnp.copy, params), jax.jit(optimizer.init)(params)


def _scratch(compiled: Any) -> int:
    return compiled.memory_analysis().temp_size_in_bytes


MEMINFO = Path("/proc/meminfo")
LIMIT, USED = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


def available_bytes() -> int | None:
    """Return the free memory of the default device; None if unknown."""
    stats = jax.local_devices()[0].memory_stats()
    if stats and "bytes_limit" in stats:
        return stats["bytes_limit"] - stats["bytes_in_use"]
    limits = []
    if MEMINFO.exists():
        fields = dict(line.split(":", 1) for line in MEMINFO.read_text().splitlines())
        limits.append(1024 * int(fields["MemAvailable"].split()[0]))
    # A container has a limit of its own.
    if LIMIT.exists() and (limit := LIMIT.read_text().strip()) != "max":
        limits.append(int(limit) - int(USED.read_text()))
    return min(limits, default=None)
