"""The files that `lionhunt new task` writes: a task that runs as it is, and a config beside it."""

import keyword
from pathlib import Path
from typing import NamedTuple

from lionhunt.search.errors import ConfigError


class TaskFiles(NamedTuple):
    """The text of both files.

    Attributes:
        name: of the task class, or of the function that trains in PyTorch.
        code, config: their texts.
    """

    name: str
    code: str
    config: str


def make_task_files(path: Path, *, in_torch: bool = False) -> TaskFiles:
    """Return the files of a new task.

    Args:
        path: of the Python file; the config is beside it.
        in_torch: True for a task in PyTorch.

    Raises:
        ConfigError: the name of the file is no name of a module.
    """
    stem = path.stem
    if path.suffix != ".py" or not stem.isidentifier() or keyword.iskeyword(stem):
        raise ConfigError(f"{path}: give a name of letters, digits and _ that ends with .py")
    name = "".join(word[:1].upper() + word[1:] for word in stem.split("_")) or "MyTask"
    if not name.isidentifier() or keyword.iskeyword(name):
        raise ConfigError(f"{path}: a class is named after the file; begin it with a letter")
    code, config = _CODE, _CONFIG
    if in_torch:
        name, code = "evaluate", _TORCH_CODE
        for old, new in _TORCH_CHANGES:
            assert old in config
            config = config.replace(old, new)
    # The texts have braces of their own.
    words = {"NAME": name, "FILE": path.name, "STEM": stem}
    for word, text in words.items():
        code, config = code.replace(word, text), config.replace(word, text)
    return TaskFiles(name, code, config)


_CODE = '''"""A task for Lionhunt. Try it with: lionhunt check FILE:NAME"""

import jax
import jax.numpy as jnp
import numpy as np

import lionhunt


@lionhunt.task
class NAME:
    """A curve of noisy points, fitted by a small network."""

    # The fields are the options: keys of [[tasks]] in a config, checked by their types.
    num_steps: int = 200
    """Training steps."""
    batch_size: int = 32
    """Examples in a batch."""
    width: int = 16
    """Hidden units."""

    def __post_init__(self):
        # A ValueError here is what a user of the task reads about a wrong option.
        if min(self.batch_size, self.width) < 1:
            raise ValueError("batch_size and width must be positive")

    def build(self) -> lionhunt.Task:
        # Replace this by your data. Whatever you draw here must come from a fixed seed.
        rng = np.random.default_rng(0)
        x = rng.uniform(-1, 1, (600, 2)).astype(np.float32)
        y = (np.sin(3 * x[:, 0]) * x[:, 1] + 0.05 * rng.normal(size=600)).astype(np.float32)
        # What `batch` and `score` get as their last argument: arrays in tuples and dictionaries.
        data = {"train": (x[:500], y[:500]), "validation": (x[500:], y[500:])}

        # Parameters: a tree of float32 arrays. All randomness comes from the key.
        def init(key):
            first, second = jax.random.split(key)
            return {
                "hidden": jax.random.normal(first, (2, self.width)),
                "bias": jnp.zeros(self.width),
                "output": jax.random.normal(second, (self.width,)) / self.width**0.5,
            }

        def predict(params, x):
            return jnp.tanh(x @ params["hidden"] + params["bias"][None]) @ params["output"]

        # A batch for every training step.
        def batch(key, data):
            x, y = data["train"]
            chosen = jax.random.randint(key, (self.batch_size,), 0, len(y))
            return x[chosen], y[chosen]

        # The loss that an optimizer sees: one float.
        def loss(params, batch):
            x, y = batch
            return jnp.mean((predict(params, x) - y) ** 2)

        # The score that a search sees, after training: one float.
        def score(params, data):
            x, y = data["validation"]
            return jnp.mean((predict(params, x) - y) ** 2)

        return lionhunt.Task.from_functions(
            init=init,
            batch=batch,
            loss=loss,
            score=score,
            data=data,
            num_steps=self.num_steps,
            metric="squared error",
            higher_is_better=False,
        )
'''

_CONFIG = """# Purpose:  search for an optimizer of the task NAME in FILE.
# Machine:  2 cores, no accelerator.
# Duration: about a minute; estimate it with: lionhunt search STEM.toml --dry-run

seed = 0
num_programs = 10_000
initial = "adamw_initial"

# Programs are directions: learning rate and weight decay stay as they are.
[space]
step = "outside"
require = ["no_drift"]

[evolution]
population_size = 100
tournament_size = 4
lag = 16

[evaluation]
workers = 2
# Each candidate trains at several step sizes, and AdamW has its best one.
step_sizes = [0.0078125, 0.0625, 0.5, 1, 2, 16, 128]

# The best programs train on further seeds, and the winner at last on fresh ones.
[racing]
num_best = 5
max_seeds = 4
num_fresh = 8

# The path starts from the folder of this file. Keys beside kind are fields of the class.
[[tasks]]
kind = "./FILE:NAME"
num_steps = 200
"""

_TORCH_CODE = '''"""A task in PyTorch for Lionhunt. Try it with: lionhunt check FILE:NAME"""

import torch


# Arguments after the first two are options: keys of [[tasks]] in a config, checked by their types.
def NAME(make_optimizer, seed, num_steps: int = 100, batch_size: int = 32, width: int = 16):
    """A curve of noisy points, fitted by a small network."""
    # Replace this by your data. Whatever is the same for every seed comes from a fixed one.
    fixed = torch.Generator().manual_seed(0)
    x = torch.rand(600, 2, generator=fixed) * 2 - 1
    y = torch.sin(3 * x[:, 0]) * x[:, 1] + 0.05 * torch.randn(600, generator=fixed)

    # Lionhunt has seeded the global generators of torch, NumPy and Python by `seed`.
    model = torch.nn.Sequential(
        torch.nn.Linear(2, width), torch.nn.Tanh(), torch.nn.Linear(width, 1), torch.nn.Flatten(0)
    )
    # The optimizer of a candidate. Its learning rate is 1: a factor, which the schedule lowers.
    optimizer = make_optimizer(model.parameters())
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, num_steps)
    for _ in range(num_steps):
        chosen = torch.randint(500, (batch_size,))
        optimizer.zero_grad()
        loss = torch.mean((model(x[chosen]) - y[chosen]) ** 2)
        loss.backward()
        optimizer.step()
        schedule.step()
        # The training loss of a step. Without `yield` a candidate cannot be stopped early.
        yield loss

    # The score that a search sees: one number.
    with torch.no_grad():
        return torch.mean((model(x[500:]) - y[500:]) ** 2)
'''

_TORCH_CHANGES = (
    ("# Duration: about a minute; estimate", "# Duration: some minutes; estimate"),
    ("num_programs = 10_000", "num_programs = 300"),
    ("population_size = 100", "population_size = 30"),
    (
        "# The path starts from the folder of this file. Keys beside kind are fields of the class.",
        "# The path starts from the folder of this file. Keys beside kind are arguments, and\n"
        "# `metric` and `higher_is_better`.",
    ),
    ("num_steps = 200", 'num_steps = 100\nmetric = "squared error"'),
    # A training in PyTorch takes long.
    ("[0.0078125, 0.0625, 0.5, 1, 2, 16, 128]", "[0.0625, 1, 16]"),
    (
        "# The best programs train on further seeds",
        "# A training is stopped early where its loss is too high.\n[hurdles]\nslack = 0.5\n\n"
        "# The best programs train on further seeds",
    ),
    ("num_fresh = 8", "num_fresh = 4"),
)
"""Changes of the config for a task in PyTorch, whose trainings take long."""
