"""The options that every task kind has, and their limits.

This module imports neither NumPy nor JAX, so a configuration is checked at once.
"""

import dataclasses
import hashlib
import importlib
from typing import Annotated, Any, Self

from pydantic import Strict

from lionhunt.proxy_tasks.task import Task

MAX_OPTION = 1_000_000
"""Largest value of an option; a larger one is a typing error."""
MAX_STEPS = 2**31 - 1
Horizons = Annotated[tuple[int, int], Strict(False)]
"""A range of numbers of steps; a config has it as a list."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TaskOptions:
    """Options that every task kind has.

    `scale` controls the cost. A scale of 10 means about ten times the arithmetic. On a log scale,
    half of it comes from more parameters and half from more steps.

    Raises:
        ValueError: an option is out of range; the message names it and its value.
    """

    __pydantic_config__ = {"extra": "forbid", "strict": True}

    num_steps: int
    """Training steps at scale 1."""
    batch_size: int
    """Examples in a batch."""
    width: int
    """Width of the model at scale 1."""
    scale: float = 1.0
    """Cost, relative to the smallest version of the task."""
    # Digests of tasks without augmentation are those of `repr`.
    reparametrization: float = dataclasses.field(default=1.0, repr=False)
    """Largest factor between what the optimizer trains and the model's weights. Each array has its
    own, drawn by the seed, log-uniformly from its inverse to it. At the start the model is the
    same. 1 for none."""
    horizons: Horizons | None = dataclasses.field(default=None, repr=False)
    """Least and largest number of training steps at scale 1, in place of `num_steps`. The number is
    drawn by the seed, log-uniformly. The schedule stretches with it."""

    target_loss: float | None = dataclasses.field(default=None, repr=False)
    """A training loss. The score is then the number of steps to it, and lower is better. It is
    reached where the mean loss of the last 2 % of training's steps, an exponential one, is there. A
    training that does not get there has its steps and a share of them: that of the way that is
    left."""

    def __post_init__(self):
        numbers = {n: v for n, v in dataclasses.asdict(self).items() if isinstance(v, int | float)}
        if self.horizons is not None:
            numbers |= {"horizons.0": self.horizons[0], "horizons.1": self.horizons[1]}
            if self.horizons[0] > self.horizons[1]:
                raise ValueError(f"horizons {list(self.horizons)} must begin with the lower number")
        for name, value in numbers.items():
            if not 0 < value <= MAX_OPTION:
                raise ValueError(f"{name} ({value}) must be positive, and {MAX_OPTION:,} at most")
        if self.reparametrization < 1:
            raise ValueError(f"reparametrization ({self.reparametrization}) must be at least 1")
        if self.scaled_steps > MAX_STEPS:
            raise ValueError(
                f"num_steps ({self.num_steps}) at scale ({self.scale}) is more than {MAX_STEPS:,}"
            )

    def build(self) -> Task:
        """Build the task; its module, and with it JAX, is imported here.

        Raises:
            DataError: the data is missing, or does not fit the options.
        """
        task = importlib.import_module(f"lionhunt.proxy_tasks.tasks.{self.name}").build(self)
        task = dataclasses.replace(
            task, reparametrization=self.reparametrization, horizons=self._scaled_horizons
        )
        return task if self.target_loss is None else task.reaching(self.target_loss)

    @property
    def name(self) -> str:
        """Return the name of the task, which is its kind."""
        # `kind` is a field of the subclasses. A field here would come earlier in `repr`, and
        # change every digest.
        return vars(self)["kind"]

    def values(self) -> dict[str, Any]:
        """Return all options by name."""
        return dataclasses.asdict(self)

    def cut_to(self, num_steps: int) -> Self:
        """Return the options of a training of a number of steps, whatever the seed."""
        unscaled = max(1, round(num_steps / self.scale**0.5))
        return dataclasses.replace(self, num_steps=unscaled, horizons=None)

    def shortened(self, share: float) -> Self:
        """Return the options of a training of a share of the steps, of one step at least."""

        def shorten(num_steps: int) -> int:
            return max(1, round(share * num_steps))

        horizons = self.horizons and (shorten(self.horizons[0]), shorten(self.horizons[1]))
        return dataclasses.replace(self, num_steps=shorten(self.num_steps), horizons=horizons)

    @property
    def scaled_steps(self) -> int:
        """Return the training steps at this scale; with horizons, the most that are drawn."""
        horizons = self._scaled_horizons
        return self._scaled(self.num_steps) if horizons is None else horizons[1]

    @property
    def _scaled_horizons(self) -> Horizons | None:
        if self.horizons is None:
            return None
        low, high = map(self._scaled, self.horizons)
        return max(1, low), max(1, high)

    def _scaled(self, num_steps: int) -> int:
        return round(num_steps * self.scale**0.5)

    def scaled_width(self, multiple_of: int = 1) -> int:
        """Return the width at this scale; parameters grow with its square."""
        return max(1, round(self.width * self.scale**0.25 / multiple_of)) * multiple_of

    def digest(self, data_digest: str) -> str:
        """Return 16 hexadecimal digits that identify these options together with the data."""
        text = repr(self)
        if self.reparametrization != 1 or self.horizons is not None:
            text += f" {self.reparametrization} {self.horizons}"
        if self.target_loss is not None:
            text += f" target_loss {self.target_loss}"
        return hashlib.sha256(f"{text} {data_digest}".encode()).hexdigest()[:16]
