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
from lionhunt.search.driver.judging.config import EvaluationConfig
from lionhunt.search.driver.objectives.config import ObjectivesConfig
from lionhunt.search.driver.racing.config import RacingConfig
from lionhunt.search.driver.validation.config import ValidationConfig
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.evolution.extra import ExtraMutation
from lionhunt.search.evolution.function_words import find_names, known_names
from lionhunt.search.evolution.methods import Method
from lionhunt.search.evolution.mutation import MUTATIONS
from lionhunt.search.evolution.mutation_space import DRAWN_FUNCTIONS, MutationSpace
from lionhunt.search.evolution.regularized import TOURNAMENT, Selection
from lionhunt.search.evolution.step import INSIDE, Step, find_step
from lionhunt.search.fields import MAX_COUNT, Count, TaskOptions, Weight
from lionhunt.search.user_code.functions import functions_of
from lionhunt.search.user_code.reference import Reference


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
    crossover: Weight = 0.0
    """Relative frequency of crossover. Up to eight statements in a row of a second parent are
    spliced into the first. The second parent wins a tournament too. The last result takes the place
    of a variable. The paper does not have it."""
    extra: tuple[str, ...] = ()
    """Mutations of your own, as "./my_mutation.py:graft" or "my_package.mutations:graft". Each gets
    a program, a `random.Random` and the mutation space, and returns a program. An invalid one is
    drawn again, and counted under the function's name."""
    extra_weights: tuple[Weight, ...] | None = None
    """Relative frequencies of the mutations in `extra`, in the same order. By default all are 1."""
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

    @pydantic.field_validator("extra")
    @classmethod
    def _check_extra(cls, extra: tuple[str, ...]) -> tuple[str, ...]:
        names = [Reference.parse(reference).short_name for reference in extra]
        if len(set(names)) < len(names):
            raise ValueError(f"two are called alike among {', '.join(names)}; rename one")
        return extra

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.extra_weights is not None and len(self.extra_weights) != len(self.extra):
            raise ValueError(
                f"{len(self.extra_weights)} extra_weights for {len(self.extra)} mutations in "
                "extra; give one each"
            )
        if not sum(self.weights) + sum(self.weights_of_extra) > 0:
            raise ValueError(f"{', '.join(MUTATIONS)} must not all be 0")
        return self

    @property
    def tune_share(self) -> float:
        """Return the share of children that are tuned."""
        return self.tune / (sum(self.weights) + sum(self.weights_of_extra) + self.tune)

    @property
    def weights_of_extra(self) -> tuple[float, ...]:
        """Return the relative frequencies of the user's mutations."""
        return (1.0,) * len(self.extra) if self.extra_weights is None else self.extra_weights

    @property
    def weights(self) -> tuple[float, ...]:
        """Return the relative frequencies of `MUTATIONS`."""
        return (
            *(self.insert, self.delete, self.modify),
            *(self.repeat, self.graft, self.prune, self.crossover),
        )

    def to_space(self, step: Step = INSIDE, extra: tuple[ExtraMutation, ...] = ()) -> MutationSpace:
        """Return the mutation space that this configuration describes.

        Args:
            step: of all programs.
            extra: the user's mutations, loaded.
        """
        # The parser refuses longer programs, so a run could not read them again.
        max_statements = self.max_statements or MAX_STATEMENTS
        return MutationSpace(
            self.functions,
            self.weights,
            max_statements,
            self.until_different,
            step,
            extra,
            self.weights_of_extra if extra else (),
        )


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
    wandb: bool = False
    """Log to Weights & Biases; needs `pip install lionhunt[wandb]`. A resumed run continues its
    record there. `WANDB_MODE=offline` writes files into the run's folder."""
    mlflow: bool = False
    """Log to MLflow, where `MLFLOW_TRACKING_URI` says; needs `pip install lionhunt[mlflow]`. A
    resumed run continues its record there."""


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
            object.__setattr__(
                self, "mutation", self.mutation.model_copy(update={"functions": names})
            )
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
        if self.evolution.method == "random" and self.mutation.crossover:
            raise ValueError("method 'random' has no two parents to cross; leave out crossover")
        batch_size, lag = self.evaluation.batch_size, self.evolution.lag
        if batch_size > max(lag, 1):
            raise ValueError(
                f"batch_size ({batch_size}) must be at most lag ({lag}), the children in flight; "
                f"to fill batches, set lag to {4 * batch_size}"
            )
        if batch_size > 1 and any(task.horizons for task in self.all_tasks):
            raise ValueError(
                "candidates of a task with horizons cannot train side by side: set batch_size to 1"
            )
        return self

    @property
    def all_tasks(self) -> tuple[TaskOptions, ...]:
        """Return the tasks of the search, then those of its validation."""
        return (*self.tasks, *self.validation.tasks)

    @property
    def code(self) -> tuple[TaskOptions | str, ...]:
        """Return all that may be the user's: the tasks, and references to other code."""
        fitness = self.evaluation.fitness
        references = () if fitness is None else (fitness,)
        return (*self.all_tasks, *references, *self.mutation.extra)

    @property
    def selection(self) -> Selection:
        """Return the choice of parents."""
        return Selection(self.objectives.front_parents, self.mutation.tune_share)


def load_config(path: Path, settings: Sequence[str] = ()) -> RunConfig:
    """Read the config file of a run; see `search.config.read_config`."""
    return read_config(path, RunConfig, settings)


def parse_run_config(raw: dict[str, Any], source: str, *, loads_code: bool = True) -> RunConfig:
    """Check the raw config of a run; see `search.config.parse_config`."""
    evaluation = raw.get("evaluation")
    # Records of version 0.1 have the keys of reevaluation, also where it was off.
    if isinstance(evaluation, dict) and evaluation.get("reevaluate", "") is None:
        kept = {key: value for key, value in evaluation.items() if key not in _OLD_KEYS}
        raw = raw | {"evaluation": kept}
    return parse_config(raw, source, RunConfig, loads_code=loads_code)


_OLD_KEYS = ("reevaluate", "reevaluate_every", "max_evaluations")
