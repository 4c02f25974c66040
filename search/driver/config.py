"""The configuration of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from lionhunt.dsl.ops import SYMBOLS, WORDS
from lionhunt.dsl.text.parser import MAX_STATEMENTS
from lionhunt.search.config import Config, parse_config, read_config
from lionhunt.search.evaluation.reevaluation import Reevaluation
from lionhunt.search.evolution.methods import Method
from lionhunt.search.evolution.mutation import DRAWN_FUNCTIONS, MutationSpace
from lionhunt.search.fields import MAX_COUNT, Count, RayAddress, TaskOptions, Weight
from lionhunt.search.workers.ray_cluster import LOCAL


class EvolutionConfig(Config):
    """Regularized evolution (the paper: population 1,000, tournament 2)."""

    method: Method = "evolution"
    """In place of evolution: "constants" varies the constants of the initial program alone, by
    evolution too; "random" mutates the initial program at random, without selection."""

    population_size: Count = 1000
    """Programs that compete; the oldest leaves when a child is born."""
    tournament_size: Count = 2
    """Contestants for being a parent, drawn with replacement."""
    lag: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 64
    """Children that may be in flight: child i is bred from those born before i - lag. Part of what
    the run is; the number of workers is not."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.tournament_size > self.population_size:
            raise ValueError(
                f"tournament_size ({self.tournament_size}) must be at most "
                f"population_size ({self.population_size})"
            )
        return self


class MutationConfig(Config):
    """How children differ from their parents."""

    insert: Weight = 1.0
    """How often a statement is inserted, relative to the other kinds."""
    delete: Weight = 1.0
    """How often a statement is deleted."""
    modify: Weight = 1.0
    """How often an argument is modified."""
    max_statements: Annotated[int, Field(gt=0, le=MAX_STATEMENTS)] | None = None
    """Programs of so many statements, redundant ones counted, get no more; by default there is no
    limit, as in the paper, but that of all programs, 2,000."""
    functions: tuple[str, ...] = DRAWN_FUNCTIONS
    """Functions of inserted statements; the paper's 43 by default."""
    until_different: bool = False
    """Whether mutations are drawn until the child computes something else than its parent. Fewer
    children are known before; redundant statements, which later ones may build on, get rarer."""

    @pydantic.field_validator("functions")
    @classmethod
    def _check_functions(cls, functions: tuple[str, ...]) -> tuple[str, ...]:
        known = WORDS | SYMBOLS
        for name in functions:
            if name not in known:
                raise ValueError(f"unknown function '{name}'; there are {', '.join(known)}")
        if not functions:
            raise ValueError("name at least one function")
        return tuple(known[name].name for name in functions)

    @pydantic.model_validator(mode="after")
    def _check(self):
        if not self.insert + self.delete + self.modify > 0:
            raise ValueError("insert, delete and modify must not all be 0")
        return self

    def to_space(self) -> MutationSpace:
        """The same, as mutation takes it."""
        weights = (self.insert, self.delete, self.modify)
        max_statements = self.max_statements or MAX_STATEMENTS  # what is longer is not read again
        return MutationSpace(self.functions, weights, max_statements, self.until_different)


class EvaluationConfig(Config):
    """How a candidate is scored."""

    combination: Literal["mean", "min"] = "mean"
    """From the fitness on each task to one: the mean, or the worst. The fitness on a task is the
    gain over the reference's score, as a share of that score: 0 is as good as it."""
    weights: tuple[Annotated[float, Field(gt=0, le=1e6)], ...] | None = None
    """How much each task counts in the mean, in their order; the same by default."""
    functional_cache: bool = False
    """Whether a program that does what an elder did, in a few steps on small arrays, takes the
    outcome of that elder. It saved one evaluation in 20, and was wrong with one in 70 of these
    (results/LOG.md; `lionhunt bench functional` tells it of a run)."""
    reevaluate: Literal["average", "forget"] | None = None
    """What is done about luck: a program that is born again and again is evaluated anew, with
    another seed, and from then on has the mean fitness of its evaluations so far, or the latest.
    Who was born before keeps what it had, in tournaments; the best program of a run, or of a
    length, is that with the highest fitness by the latest of it. The reference
    is measured with the same seeds."""
    reevaluate_every: Count = 10
    """Births of a program until its next evaluation."""
    max_evaluations: Annotated[int, Field(ge=2, le=1000)] = 5
    """Of one program."""
    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Ray workers, one core each; 0 scores in this process, where nothing catches what hangs or
    kills. The result does not depend on it."""
    ray_address: RayAddress = LOCAL
    """Where Ray workers are: "local" is this machine; host:port or "auto" is a cluster that this
    machine is a node of (docs/cluster.md)."""
    candidate_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Wall clock after which a candidate, or a batch, is given up: generous, it only catches what
    hangs."""
    worker_memory_gib: Annotated[float, Field(ge=1, le=1e6)] | None = None
    """What a worker may take of the machine's memory (on Linux, not of an accelerator's); beyond,
    the candidate is out of memory. Workers of the tasks here hold 0.5 to 2.5. By default Ray stops
    workers when the machine's memory is full, and their candidates are tried again."""
    batch_size: Annotated[int, Field(gt=0, le=4096)] = 1
    """Candidates that train side by side on an accelerator, with one worker for each; 1 on a CPU,
    where a batch is far slower. Part of what the run is: scores differ by float32 rounding from
    those of another batch size. To fill batches, let lag be four times as much: of the children in
    flight, those whose like is known are not trained."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.weights is not None and self.combination != "mean":
            raise ValueError(f"weights are of the mean, not of combination '{self.combination}'")
        return self

    def to_reevaluation(self) -> Reevaluation | None:
        """The same, as outcomes are told it."""
        if self.reevaluate is None:
            return None
        return Reevaluation(self.reevaluate, self.reevaluate_every, self.max_evaluations)


class HurdleConfig(Config):
    """Where the training of candidates stops early; without any key, only where it is not finite,
    as in runs from before there were hurdles."""

    slack: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """How far a loss may be above the initial program's at the same point of training, as a share
    of the range of the initial program's losses; the first tenth of training is free. At 0.75
    none of the best tenth of a run was lost (results/LOG.md); see `lionhunt bench hurdles`."""
    percentile: Annotated[float, Field(ge=0, le=100)] | None = None
    """How many in a hundred of its elders, different ones that trained to their end, a candidate
    has to equal at every point of training; it never has to be better than the initial program."""


class ObservabilityConfig(Config):
    """What a run shows of itself beside its log and its records; nothing depends on it."""

    tensorboard: bool = False
    """Writes event files for TensorBoard into the run's folder. It is here, and no option of a
    command, so that a run that is gone on with goes on with its curves."""


class RunConfig(Config):
    """One search."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Of everything random in the run."""
    num_programs: Count
    """Programs in all, the initial population included."""
    max_trainings: Annotated[float, Field(gt=0, le=MAX_COUNT)] | None = None
    """Training after which the run ends before it has all programs, in trainings from beginning to
    end on all tasks: one that stops early counts as the share that it ran. By default no limit."""
    initial: str = "adamw_initial"
    """The program that evolution begins with: a library name, a file, RUN:best or RUN:INDEX."""
    reference: str | None = None
    """The program that has fitness 0; by default the initial one. A run that begins where another
    ended names the initial program of that one, so that their fitness can be compared."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """What candidates are scored on."""
    evolution: EvolutionConfig = EvolutionConfig()
    mutation: MutationConfig = MutationConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    hurdles: HurdleConfig = HurdleConfig()
    observability: ObservabilityConfig = ObservabilityConfig()

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.num_programs < self.evolution.population_size:
            raise ValueError(
                f"num_programs ({self.num_programs}) must be at least "
                f"population_size ({self.evolution.population_size})"
            )
        weights = self.evaluation.weights
        if weights is not None and len(weights) != len(self.tasks):
            raise ValueError(f"{len(weights)} weights for {len(self.tasks)} tasks; give one each")
        batch_size, lag = self.evaluation.batch_size, self.evolution.lag
        if batch_size > max(lag, 1):
            raise ValueError(
                f"batch_size ({batch_size}) must be at most lag ({lag}), the children in flight; "
                f"to fill batches, set lag to {4 * batch_size}"
            )
        return self


def load_config(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Reads the file of a run; see `search.config.read_config`."""
    return read_config(path, RunConfig, settings)


def parse_run_config(raw: dict[str, Any], source: str) -> RunConfig:
    """Checks what was read; see `search.config.parse_config`."""
    return parse_config(raw, source, RunConfig)
