"""The configuration of scoring and of fitness."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lionhunt.search.config import Config
from lionhunt.search.evaluation.step_sizes import is_step_size
from lionhunt.search.fields import RayAddress
from lionhunt.search.user_code.reference import Reference
from lionhunt.search.workers.cluster.ray_cluster import LOCAL

KNOWN = ("adam", "lion", "momentum", "rmsprop", "sgd", "signsgd", "signum")
"""Optimizers of the library whose scores make the unit of gains, if a run asks for it."""


class EvaluationConfig(Config):
    """The scoring of a candidate."""

    combination: Literal["mean", "min"] = "mean"
    """Combination of the fitness on each task: the mean, or the worst. Fitness on a task is the
    gain over the reference's score, as a share of that score. The reference has 0."""
    gain: Literal["relative", "spread"] = "relative"
    """Unit of the fitness on a task. "spread": the standard deviation of the gains of known
    optimizers, which train first, each at its best step sizes. Several tasks then count alike,
    however much their scores vary. It needs step_sizes."""
    fitness: str | None = None
    """Your own function of fitness, as "./my_fitness.py:combine" or "my_package.fitness:combine".
    It gets a `lionhunt.Evaluated`: scores, gains, curves and properties of a program. It returns a
    number, higher is better, or None for a failure. The first number of a tuple is the fitness,
    and further ones are axes of the front ([objectives])."""
    weights: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] | None = None
    """Weight of each task in the mean, in order of the tasks. By default all are equal."""
    step_sizes: tuple[float, ...] = ()
    """Multiples of its update at which a candidate trains, relative to the best of its parent. They
    are powers of 2, and one of them is 1. Two go on after a tenth of training, and one after four
    tenths. The best one's score counts, and its multiple is a part of the program wherever that is
    shown or exported. The reference has its best multiple too. By default a candidate trains with
    its update as it is."""
    functional_cache: bool = False
    """Share outcomes between programs that compute the same in a few steps on small arrays. This
    saved one evaluation in 20, and one in 70 of these was wrong (results/LOG.md). Measure it on a
    run with `lionhunt bench functional`."""
    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Worker processes, one core each. 0 scores in this process, where a candidate that hangs or
    crashes stops the run. The result does not depend on it."""
    ray_address: RayAddress = LOCAL
    """Place of the workers. "local" is this machine. host:port or "auto" is a Ray cluster that has
    this machine as a node (docs/cluster.md)."""
    candidate_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Wall clock, in seconds, after which the driver gives up a candidate or a batch. It is meant
    for candidates that hang."""
    worker_memory_gib: Annotated[float, Field(ge=1, le=1e6)] | None = None
    """Memory limit of a worker, in GiB (on Linux; an accelerator's memory has no limit). Beyond it
    the candidate is out of memory. Workers of the built-in tasks hold 0.5 to 2.5. By default
    the system ends workers when the machine's memory is full, and the driver retries their
    candidates."""
    batch_size: Annotated[int, Field(gt=0, le=4096)] = 1
    """Candidates that train side by side on one accelerator, which has one worker. Use 1 on a CPU,
    where a batch is far slower. The result depends on it: scores of two batch sizes differ by
    float32 rounding. To fill batches, make lag four times as large: cache hits among the
    children in flight are not trained."""

    @pydantic.field_validator("fitness")
    @classmethod
    def _check_fitness(cls, fitness: str | None) -> str | None:
        if fitness is not None:
            Reference.parse(fitness)
        return fitness

    @pydantic.field_validator("step_sizes")
    @classmethod
    def _check_step_sizes(cls, step_sizes: tuple[float, ...]) -> tuple[float, ...]:
        for size in step_sizes:
            if not is_step_size(size):
                raise ValueError(f"{size:g} must be a power of 2 from 2^-20 to 2^20")
        if step_sizes and 1.0 not in step_sizes:
            raise ValueError("1, the best step size of the parent, must be among them")
        if len(set(step_sizes)) < len(step_sizes):
            raise ValueError("a number stands there twice; remove it")
        return step_sizes

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.weights is not None and self.combination != "mean":
            raise ValueError(f"weights are of the mean, not of combination '{self.combination}'")
        if self.gain == "spread" and not self.step_sizes:
            raise ValueError("gain 'spread' compares best step sizes; add step_sizes")
        return self
