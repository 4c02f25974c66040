"""Search for an optimizer, then train a model of your own with it.

Run it with `python examples/search_to_training_loop.py`. It takes about a minute on two cores.
"""

import sys
import tempfile
from pathlib import Path

import jax
import jax.numpy as jnp
import optax

import lionhunt


def search(folder: Path, num_programs: int) -> lionhunt.OptimizerProgram:
    """Run a short search and return its best program, simplified without changing its updates."""
    run = lionhunt.run(
        "quickstart",
        out=folder,
        settings={"num_programs": num_programs},
        on_progress=report_progress,
    )
    print(run)
    print(run.hall_of_fame())
    best = run.best
    assert best is not None
    return best.simplify(exact_only=True).program


def report_progress(progress) -> None:
    """Print a line about once every thousand programs."""
    if progress.num_programs % 1000 == 0:
        print(f"{progress.num_programs:,} of {progress.total:,} programs")


def train(optimizer: optax.GradientTransformation, num_steps: int = 300) -> float:
    """Fit a small regression with any optax optimizer and return its final mean squared error.

    The data are y = sin(3 x) with x uniform in [-1, 1]; the model has one hidden layer.
    """
    key_data, key_first, key_last = jax.random.split(jax.random.key(0), 3)
    x = jax.random.uniform(key_data, (256, 1), minval=-1.0)
    y = jnp.sin(3 * x)
    params = {
        "first": jax.random.normal(key_first, (1, 32)),
        "bias": jnp.zeros(32),
        "last": 0.2 * jax.random.normal(key_last, (32, 1)),
    }

    def loss(params):
        hidden = jnp.tanh(x @ params["first"] + params["bias"])
        return jnp.mean((hidden @ params["last"] - y) ** 2)

    @jax.jit
    def step(params, state):
        value, gradient = jax.value_and_grad(loss)(params)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, value

    state = optimizer.init(params)
    for _ in range(num_steps):
        params, state, _ = step(params, state)
    return float(loss(params))


def main(num_programs: int = 2000) -> None:
    """Search, show what was found, and compare it with AdamW on a problem the search never saw."""
    with tempfile.TemporaryDirectory() as folder:
        found = search(Path(folder) / "run", num_programs)
    print(found)
    print("nearest known optimizer:", ", ".join(found.classify().optimizers))

    # A program from a search holds its peak learning rate as a constant: give a schedule with
    # peak 1. Warm up for 30 steps, then decay to 0, as the proxy tasks do.
    schedule = optax.warmup_cosine_decay_schedule(0.0, 1.0, 30, 300)
    print("found:", train(found.as_optimizer(schedule)))
    print("AdamW:", train(optax.adamw(1e-3)))
    print("Lion: ", train(lionhunt.program("lion").as_optimizer(1e-4)))

    print("\nAs a file that needs optax alone:\n")
    print(found.to_optax())


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
