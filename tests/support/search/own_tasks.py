"""A task in a file, as a user would write it, with faults on request."""

import textwrap
from pathlib import Path

PARABOLA = '''
import jax
import jax.numpy as jnp

import lionhunt


@lionhunt.task
class Parabola:
    """A parabola in a few dimensions.

    An evaluation takes 0.5 s of a core.
    """

    num_steps: int = 20
    """Training steps."""
    size: int = 3
    """Dimensions."""
    noise: float = 0.1

    def __post_init__(self):
        if self.size < 1:
            raise ValueError(f"size ({self.size}) must be positive")

    def build(self) -> lionhunt.Task:
        return lionhunt.Task.from_functions(
            init=lambda key: {"w": jax.random.normal(key, (self.size,))},
            batch=lambda key: self.noise * jax.random.normal(key, (8, self.size)),
            loss=lambda params, x: jnp.mean((params["w"][None] - x) ** 2),
            score=lambda params: jnp.sum(params["w"] ** 2),
            num_steps=self.num_steps,
            metric="squared distance",
        )
'''

FAULTY = '''
import os
import time
import warnings

import jax
import jax.numpy as jnp
import numpy as np

import lionhunt

CALLS = []


def calling(do, params):
    """Call a function on the host for its effect, in the middle of a compiled training."""

    def called(w):
        CALLS.append(w)
        do(len(CALLS))
        return np.float32(0)

    shape = jax.ShapeDtypeStruct((), jnp.float32)
    return jax.pure_callback(called, shape, params["w"])


def raise_now(count):
    raise RuntimeError("the candidate is at fault")


def misbehave_once(count):
    """At every fourth call do what no process has done yet: raise, hang, then allocate."""
    done = sorted(name for name in os.listdir() if name.startswith("done "))
    if count % 4 or len(done) == 3:
        return
    open(f"done {len(done)}", "x").close()
    (raise_now, lambda count: time.sleep(1000), lambda count: np.ones(1 << 40))[len(done)](count)


def fork(count):
    with warnings.catch_warnings():
        # JAX warns of any fork.
        warnings.simplefilter("ignore")
        process = os.fork()
    if process == 0:
        os._exit(0)
    os.waitpid(process, 0)


@lionhunt.task
class Faulty:
    num_steps: int = 20
    how: str = "nothing"

    def build(self):
        how = self.how
        if how == "build":
            raise ValueError("nothing\\nto build")
        if how == "import":
            import no_such_module_of_mine
        if how == "no task":
            return 3
        parts = {
            "init": lambda key: {"w": jax.random.normal(key, (3,))},
            "batch": lambda key: 0.1 * jax.random.normal(key, (8, 3)),
            "loss": lambda params, x: jnp.mean((params["w"][None] - x) ** 2),
            "score": lambda params: jnp.sum(params["w"] ** 2),
            "metric": "squared distance",
            "num_steps": self.num_steps,
        }
        changes = {
            "raise": {"loss": lambda params, x: 1 / 0},
            "array": {"loss": lambda params, x: (params["w"][None] - x) ** 2},
            "text": {"score": lambda params: "good"},
            "whole": {"init": lambda key: {"w": jnp.arange(3)}},
            "empty": {"init": lambda key: {}},
            "shape": {"batch": lambda key: jnp.ones((8, 4))},
            "arguments": {"batch": lambda key, data: jnp.ones((8, 3))},
            "steps": {"num_steps": 7},
            "nan": {"score": lambda params: jnp.nan * params["w"].sum()},
        }
        effects = {
            "raises later": raise_now,
            "misbehaves": misbehave_once,
            "prints": lambda count: print("I am here", flush=True),
            "forks": fork,
        }
        if how in effects:
            effect, score = effects[how], parts["score"]
            parts["score"] = lambda params: score(params) + calling(effect, params)
        return lionhunt.Task.from_functions(**parts | changes.get(how, {}))
'''

CONFIG = """
num_programs = 30
[evolution]
population_size = 10
tournament_size = 3
lag = 6
[evaluation]
workers = 0
[[tasks]]
"""


def write_task(folder: Path, text: str = PARABOLA, name: str = "own_task") -> str:
    """Write the file of a task, and return its reference."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.py"
    file.write_text(textwrap.dedent(text), "utf-8")
    return f"{file}:{'Faulty' if text is FAULTY else 'Parabola'}"


def write_config(folder: Path, kind: str, **options: object) -> Path:
    """Write the config of a small search on one task."""
    file = folder / "own.toml"
    lines = [f"{key} = {value!r}" for key, value in {"kind": kind, **options}.items()]
    file.write_text(CONFIG + "\n".join(lines) + "\n", "utf-8")
    return file
