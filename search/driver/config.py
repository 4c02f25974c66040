"""The configuration of a run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import Field

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.properties import REQUIREMENTS, missing
from lionhunt.dsl.op_table import OWN_GROUP
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import MAX_STATEMENTS
from lionhunt.search.config import Config, parse_config, read_config
from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.driver.validation.config import ValidationConfig
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.evaluation.step_sizes import is_step_size
from lionhunt.search.evolution.function_words import find_names, known_names
from lionhunt.search.evolution.methods import Method
from lionhunt.search.evolution.mutation import DRAWN_FUNCTIONS, MUTATIONS, MutationSpace
from lionhunt.search.evolution.regularized import TOURNAMENT, Selection
from lionhunt.search.evolution.step import INSIDE, Step, find_step
from lionhunt.search.fields import MAX_COUNT, Count, RayAddress, TaskOptions, Weight
from lionhunt.search.storage.run_info import MAX_SEEDS
from lionhunt.search.user_code.functions import functions_of
from lionhunt.search.workers.ray_cluster import LOCAL


class EvolutionConfig(Config):
    """Regularized evolution (the paper: population 1,000, tournament 2)."""

    method: Method = "evolution"
    """How children are bred. "constants" evolves only the constants of the initial program.
    "random" mutates the initial program at random, without selection."""

    population_size: Count = 1000
    """Programs that compete. The oldest leaves when a child is born."""
    tournament_size: Count = 2
    """Candidate parents in a tournament, drawn with replacement."""
    lag: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 64
    """Children that may be in flight: child i is bred from those born before i - lag. The result
    depends on it, but not on the number of workers."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.tournament_size > self.population_size:
            raise ValueError(
                f"tournament_size ({self.tournament_size}) must be at most "
                f"population_size ({self.population_size})"
            )
        return self


class MutationConfig(Config):
    """The mutation of a parent into a child."""

    insert: Weight = 1.0
    """Relative frequency of inserting a statement."""
    delete: Weight = 1.0
    """Relative frequency of deleting a statement."""
    modify: Weight = 1.0
    """Relative frequency of modifying an argument."""
    repeat: Weight = 0.0
    """Relative frequency of repeating up to four statements in a row, after themselves. So one step
    of an iteration becomes two. The paper does not have it."""
    graft: Weight = 0.0
    """Relative frequency of combining what a statement computes with a function of it: after
    `x = ...` come `y = f(x, ...)` and `x = h(x, y)`. The paper does not have it."""
    tune: Weight = 0.0
    """Relative frequency of tuning. A member of the front gets new constants from CMA-ES, which
    learns from all its tuned children. Without axes in [objectives], the best program is the
    front."""
    prune: Weight = 0.0
    """Relative frequency of deleting all redundant statements at once. The child costs no training,
    and mutations of it change what counts more often. The paper does not have it."""
    max_statements: Annotated[int, Field(gt=0, le=MAX_STATEMENTS)] | None = None
    """Statements, redundant ones included, at which a program gets no more. The default is the
    limit of all programs, 2,000; the paper has no limit."""
    functions: tuple[str, ...] = DRAWN_FUNCTIONS
    """Functions of inserted statements: words of the language, or groups of them. The default is
    the paper's 43. A group is "paper", "matrix", "rows", "arrays" or "choice"; "rows" is the group,
    which has the function of that name. "own" and groups of your own stand for functions of
    `functions_from`."""
    until_different: bool = False
    """Draw mutations until the child computes something else than its parent. Fewer children are
    then cache hits. Redundant statements, which later ones may build on, get rarer."""

    @pydantic.field_validator("functions")
    @classmethod
    def _check_functions(cls, functions: tuple[str, ...]) -> tuple[str, ...]:
        if not functions:
            raise ValueError("name at least one function")
        # Functions of the user are known once the whole config is read.
        return find_names(functions)

    @pydantic.model_validator(mode="after")
    def _check(self):
        if not sum(self.weights) > 0:
            raise ValueError(f"{', '.join(MUTATIONS)} must not all be 0")
        return self

    @property
    def tune_share(self) -> float:
        """Return the share of children that are tuned."""
        return self.tune / (sum(self.weights) + self.tune)

    @property
    def weights(self) -> tuple[float, ...]:
        """Return the relative frequencies of `MUTATIONS`."""
        return self.insert, self.delete, self.modify, self.repeat, self.graft, self.prune

    def to_space(self, step: Step = INSIDE) -> MutationSpace:
        """Return the mutation space that this configuration describes, of programs with a step."""
        # The parser refuses longer programs, so a run could not read them again.
        max_statements = self.max_statements or MAX_STATEMENTS
        return MutationSpace(
            self.functions, self.weights, max_statements, self.until_different, step
        )


class EvaluationConfig(Config):
    """The scoring of a candidate."""

    combination: Literal["mean", "min"] = "mean"
    """Combination of the fitness on each task: the mean, or the worst. Fitness on a task is the
    gain over the reference's score, as a share of that score. The reference has 0."""
    gain: Literal["relative", "spread"] = "relative"
    """Unit of the fitness on a task. "spread": the standard deviation of the gains of known
    optimizers, which train first, each at its best step sizes. Several tasks then count alike,
    however much their scores vary. It needs step_sizes."""
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
    """Ray workers, one core each. 0 scores in this process, where a candidate that hangs or
    crashes stops the run. The result does not depend on it."""
    ray_address: RayAddress = LOCAL
    """Address of the Ray workers. "local" is this machine. host:port or "auto" is a cluster that
    has this machine as a node (docs/cluster.md)."""
    candidate_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Wall clock, in seconds, after which the driver gives up a candidate or a batch. It is meant
    for candidates that hang."""
    worker_memory_gib: Annotated[float, Field(ge=1, le=1e6)] | None = None
    """Memory limit of a worker, in GiB (on Linux; an accelerator's memory has no limit). Beyond it
    the candidate is out of memory. Workers of the built-in tasks hold 0.5 to 2.5. By default Ray
    stops workers when the machine's memory is full, and the driver retries their candidates."""
    batch_size: Annotated[int, Field(gt=0, le=4096)] = 1
    """Candidates that train side by side on one accelerator, which has one worker. Use 1 on a CPU,
    where a batch is far slower. The result depends on it: scores of two batch sizes differ by
    float32 rounding. To fill batches, make lag four times as large: cache hits among the
    children in flight are not trained."""

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


class SpaceConfig(Config):
    """The programs that count as optimizers."""

    step: Literal["inside", "outside"] = "inside"
    """Place of the learning rate. "outside": the last statements of the initial program, which
    multiply by `lr` and decay the weights, stay as they are. The statements before them give a
    direction, and do not read `lr`. "inside" is the paper's way: `lr` is an input as any other."""
    require: tuple[str, ...] = ()
    """Properties that a program must have; others are rejected without training.
    "uses_learning_rate": the update is a multiple of `lr`. "no_drift": without a gradient, weights
    stay or decay. "odd": opposite weights and gradients have the opposite update. "homogeneous":
    the update is a power of the gradient's scale. "scale_free": that power is 0.
    "only_decays_weights": weights have no other part in the update. "order_free": rows and columns
    have no part in it."""

    @pydantic.field_validator("require")
    @classmethod
    def _check_require(cls, require: tuple[str, ...]) -> tuple[str, ...]:
        for name in require:
            if name not in REQUIREMENTS:
                near = did_you_mean(name, REQUIREMENTS)
                there_are = ", ".join(REQUIREMENTS)
                raise ValueError(f"unknown property '{name}'{near}; there are {there_are}")
        return tuple(dict.fromkeys(require))

    def check(self, initial: Program) -> Step:
        """Return the step of the programs; raise `ConfigError` if the initial one is no member."""
        if lacking := missing(canonicalize(initial), self.require):
            raise ConfigError(
                f"the initial program lacks {', '.join(lacking)}; choose another, or drop it from "
                "'require' in [space]"
            )
        return find_step(initial) if self.step == "outside" else INSIDE


class RacingConfig(Config):
    """Races of promising programs over further seeds, against luck. They are off by default."""

    num_best: Annotated[int, Field(ge=0, le=1000)] = 0
    """Programs that count as the best. A program races if its rank would be among them, or if it
    would enter a front with axes ([objectives]). It is trained on 2 seeds in all, then on 4, 8 and
    so on, while one of these holds. Its fitness is the mean gain over the further seeds, without
    the first. The rank, which tournaments compare, is fitness less sigma / sqrt(n). Here sigma is
    the standard deviation of the gain of a training, and n the number of seeds. The rank is also
    less what the seeds add to all gains. Raced programs tell that of the further seeds, and the
    known optimizers of the gain "spread" that of all. 0 for no races: each program is trained once,
    and its rank is its fitness, less the costs in [objectives]."""
    max_seeds: Annotated[int, Field(ge=2, le=MAX_SEEDS)] = 8
    """Largest number of seeds of a program."""
    num_fresh: Annotated[int, Field(ge=0, le=MAX_SEEDS)] = 8
    """Fresh seeds, which no decision of the run sees. The best program is trained on them at the
    end, and the report has its gain there."""

    @property
    def num_evaluations(self) -> int:
        """Return the largest number of evaluations of a program, in a run with races."""
        return self.max_seeds + self.num_fresh if self.num_best else 1

    @property
    def fresh_numbers(self) -> range:
        """Return the numbers of the evaluations on fresh seeds; none without races."""
        return range(self.max_seeds + 1, self.num_evaluations + 1)


class HurdleConfig(Config):
    """Early stopping of candidates. Without any key, training stops only where it is not finite."""

    slack: Annotated[float, Field(ge=0, le=1e6)] | None = None
    """Allowed excess of a loss over the initial program's at the same point of training. It is a
    share of the range of the initial program's losses. The first tenth of training has no hurdle.
    At 0.75 a run lost none of its best tenth (results/LOG.md); see `lionhunt bench hurdles`."""
    percentile: Annotated[float, Field(ge=0, le=100)] | None = None
    """Percentile of the candidate parents' losses that a candidate has to reach at every point of
    training. Different programs that trained to their end count. No candidate has to be better than
    the initial program."""


class ObservabilityConfig(Config):
    """Curves beside the log and the records. No result depends on them."""

    tensorboard: bool = False
    """Write event files for TensorBoard into the run's folder; needs `pip install
    lionhunt[tensorboard]`. As part of the config, it also holds for a resumed run."""


class RunConfig(Config):
    """One search."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Seed of all random numbers of the run."""
    functions_from: tuple[str, ...] = ()
    """Files with functions of your own (docs/language.md): `["./my_functions.py"]`, from the folder
    of the config. A dotted name of a module, or an entry point of the group `lionhunt.functions`,
    will do too. Inserted statements draw them beside the paper's 43 by default."""
    num_programs: Count
    """Number of programs, the initial population included."""
    max_trainings: Annotated[float, Field(gt=0, le=MAX_COUNT)] | None = None
    """Limit of training, after which the run ends before it has all programs. The unit is a whole
    training on all tasks; one that stops early counts as the share that it ran. By default there is
    no limit."""
    initial: str = "adamw_initial"
    """Program that evolution begins with: a library name, a file, RUN:best or RUN:INDEX."""
    reference: str | None = None
    """Program that has fitness 0; by default the initial one. A run that begins where another ended
    names that run's initial program. Their fitness can then be compared."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """Tasks that candidates are scored on."""
    evolution: EvolutionConfig = EvolutionConfig()
    mutation: MutationConfig = MutationConfig()
    space: SpaceConfig = SpaceConfig()
    objectives: ObjectivesConfig = ObjectivesConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    racing: RacingConfig = RacingConfig()
    hurdles: HurdleConfig = HurdleConfig()
    validation: ValidationConfig = ValidationConfig()
    observability: ObservabilityConfig = ObservabilityConfig()

    @pydantic.model_validator(mode="after")
    def _find_functions(self):
        """Replace groups and words for functions by their names, once those of the user are known.

        By default functions of the user are drawn, too.
        """
        words = self.mutation.functions
        if self.functions_from and "functions" not in self.mutation.model_fields_set:
            words = (*words, OWN_GROUP)
        with functions_of(self.functions_from):
            names = known_names(words)
        if names != self.mutation.functions:
            self.__dict__["mutation"] = self.mutation.model_copy(update={"functions": names})
        return self

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
        if self.evolution.method == "random" and self.selection != TOURNAMENT:
            raise ValueError(
                "method 'random' has no parents to choose; leave out tune and front_parents"
            )
        batch_size, lag = self.evaluation.batch_size, self.evolution.lag
        if batch_size > max(lag, 1):
            raise ValueError(
                f"batch_size ({batch_size}) must be at most lag ({lag}), the children in flight; "
                f"to fill batches, set lag to {4 * batch_size}"
            )
        all_tasks = (*self.tasks, *self.validation.tasks)
        if batch_size > 1 and any(task.horizons for task in all_tasks):
            raise ValueError(
                "candidates of a task with horizons cannot train side by side: set batch_size to 1"
            )
        return self

    @property
    def selection(self) -> Selection:
        """Return the choice of parents."""
        return Selection(self.objectives.front_parents, self.mutation.tune_share)


def load_config(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Read the config file of a run; see `search.config.read_config`."""
    return read_config(path, RunConfig, settings)


def parse_run_config(raw: dict[str, Any], source: str) -> RunConfig:
    """Check the raw config of a run; see `search.config.parse_config`."""
    evaluation = raw.get("evaluation")
    # Records of version 0.1 have the keys of reevaluation, also where it was off.
    if isinstance(evaluation, dict) and evaluation.get("reevaluate", "") is None:
        kept = {key: value for key, value in evaluation.items() if key not in _OLD_KEYS}
        raw = raw | {"evaluation": kept}
    return parse_config(raw, source, RunConfig)


_OLD_KEYS = ("reevaluate", "reevaluate_every", "max_evaluations")
