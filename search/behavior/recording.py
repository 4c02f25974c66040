"""Recording of the weights and gradients of small trainings, led by AdamW."""

import functools

from lionhunt.dsl import library
from lionhunt.dsl.behavior.record import Record
from lionhunt.proxy_tasks import DigitsMLP, StdlibLM, Task

TASKS = (
    DigitsMLP(num_steps=40, batch_size=32, width=16, depth=1),
    StdlibLM(num_steps=40, batch_size=16, width=8, num_layers=1, num_heads=2),
)
"""Tasks of the records: images, and text whose rare characters have gradients of 0."""

LEAD = "adamw"
"""Program of the library that trains."""
LEARNING_RATE = 0.01
"""Constant learning rate of the lead."""
SEED = 0


@functools.cache
def record_tasks() -> tuple[Record, ...]:
    """Record a training of each of `TASKS`: a pure function of these settings.

    Compiling takes a few seconds, and less once the compiled code is kept.
    """
    from lionhunt.search.workers.compile_cache import compiled_code_kept
    from lionhunt.search.workers.xla_environment import set_xla_environment

    set_xla_environment()
    with compiled_code_kept():
        return tuple(record_task(options.build()) for options in TASKS)


def record_task(task: Task) -> Record:
    """Train on a task with the lead, and record the weights and gradients before each step."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    from lionhunt.dsl.interpreter import evaluate

    lead = library.load(LEAD)
    init_key, batch_key = jax.random.split(jax.random.key(SEED))
    gradient_of = jax.grad(task.loss)

    @jax.jit
    def run(data):
        def step(carry, index):
            params, states = carry
            batch = task.batch(data, jax.random.fold_in(batch_key, index))
            gradient = gradient_of(params, batch)
            update, states = evaluate(lead, params, gradient, states, LEARNING_RATE)
            return (jax.tree.map(jnp.subtract, params, update), states), (params, gradient)

        params = task.init(data, init_key)
        states = tuple(jax.tree.map(jnp.zeros_like, params) for _ in lead.states)
        return jax.lax.scan(step, (params, states), jnp.arange(task.num_steps))[1]

    weights, gradients = map(jax.tree.leaves, run(task.data))
    shapes = tuple(leaf.shape[1:] for leaf in weights)

    def to_rows(leaves) -> np.ndarray:
        return np.concatenate([np.reshape(leaf, (task.num_steps, -1)) for leaf in leaves], axis=1)

    return Record(shapes, to_rows(weights), to_rows(gradients))
