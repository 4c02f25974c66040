"""What a proxy task is: a small training problem that an optimizer is scored on."""

import dataclasses
import hashlib
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import optax

from lionhunt.errors import LionhuntError

Params = Any
"""A tree of float32 arrays."""
Batch = Any
"""A tuple of arrays with a leading axis of examples."""
Data = Any
"""A tree of arrays."""


class TaskError(LionhuntError):
    """A task that gives something else than it has to: one line that names the task."""


@dataclasses.dataclass(frozen=True)
class Task:
    """A training problem; everything random in it comes from the keys it is given.

    Who compiles a training passes the data as an argument (`dataclasses.replace(task, data=...)`):
    what a compiled function closes over becomes a part of it.

    Attributes:
        name: of its kind.
        num_steps: training steps.
        data: what `init`, `batch` and `score` read.
        init: data and key to parameters.
        batch: data and key to a training batch.
        loss: parameters and batch to the mean loss, shape=().
        score: parameters and data to the validation metric, shape=().
        metric: what the score is, with its unit.
        higher_is_better: the direction of the score.
        digest: names the options and the data; equal digests give equal scores on one machine.
    """

    name: str
    num_steps: int
    data: Data
    init: Callable[[Data, jax.Array], Params]
    batch: Callable[[Data, jax.Array], Batch]
    loss: Callable[[Params, Batch], jax.Array]
    score: Callable[[Params, Data], jax.Array]
    metric: str
    higher_is_better: bool
    digest: str

    @property
    def schedule(self) -> optax.Schedule:
        """The schedule value at a step: linear warmup over the first 5 %, then cosine; peak 1."""
        num_warmup_steps = max(1, self.num_steps // 20)
        return optax.warmup_cosine_decay_schedule(
            init_value=1 / (num_warmup_steps + 1),
            peak_value=1.0,
            warmup_steps=num_warmup_steps,
            decay_steps=max(self.num_steps, num_warmup_steps + 1),
        )


MAX_OPTION = 1_000_000
"""Largest value of an option of a task: what is beyond is a slip, not a task."""
MAX_STEPS = 2**31 - 1


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """Options that every family of tasks has.

    `scale` is the one dial of cost: 10 is the same task with about ten times the arithmetic, half
    of it (on a log scale) in more parameters and half in more steps.

    Raises:
        ValueError: an option is out of range; the message names it and its value.
    """

    __pydantic_config__ = {"extra": "forbid", "strict": True}

    num_steps: int
    """Training steps at scale 1."""
    batch_size: int
    """Examples a step."""
    width: int
    """Width of the model at scale 1."""
    scale: float = 1.0
    """How much larger than its smallest version the task is."""

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if not isinstance(value, str) and not 0 < value <= MAX_OPTION:
                raise ValueError(f"{name} ({value}) must be positive, and {MAX_OPTION:,} at most")
        if self.scaled_steps > MAX_STEPS:
            raise ValueError(
                f"num_steps ({self.num_steps}) at scale ({self.scale}) is more than {MAX_STEPS:,}"
            )

    @property
    def scaled_steps(self) -> int:
        return round(self.num_steps * self.scale**0.5)

    def scaled_width(self, multiple_of: int = 1) -> int:
        """The width at this scale; parameters grow with its square."""
        return max(1, round(self.width * self.scale**0.25 / multiple_of)) * multiple_of

    def digest(self, data_digest: str) -> str:
        """Names these options together with the data."""
        return hashlib.sha256(f"{self!r} {data_digest}".encode()).hexdigest()[:16]


def split_model(
    make_model: Callable[[jax.Array], Any],
) -> tuple[Callable[[Data, jax.Array], Params], Callable[[Params], Any]]:
    """Splits an Equinox model into what is trained and what is not.

    Returns:
        `init`, of a task that begins with a fresh model, whatever its data, and `to_model`, from
        parameters to the model.
    """
    shapes = eqx.filter_eval_shape(make_model, jax.random.key(0))  # nothing is computed
    static = eqx.filter(shapes, lambda leaf: not isinstance(leaf, jax.ShapeDtypeStruct))

    def init(data, key):
        return eqx.filter(make_model(key), eqx.is_inexact_array)

    def to_model(params):
        return eqx.combine(params, static)

    return init, to_model
