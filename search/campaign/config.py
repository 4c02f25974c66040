"""The configuration of a campaign: one search, the experiments after it, and an aim."""

from collections.abc import Collection, Iterable, Iterator
from typing import Annotated

import pydantic
from pydantic import Field

from lionhunt.dsl import library
from lionhunt.dsl.analysis.properties import REQUIREMENTS
from lionhunt.dsl.op_table import WORDS
from lionhunt.search.campaign.found import FoundConfig, add_found, check_names
from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.config import Config
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import did_you_mean
from lionhunt.search.fields import Count, TaskOptions
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.user_code.functions import functions_of

Names = tuple[str, ...]


class AimConfig(Config):
    """The aim: conditions that a simplified program meets or misses on the unseen tasks.

    A seed reaches the aim if its program meets all conditions. Without any key but `min_seeds`,
    every seed that finds a program reaches it."""

    min_seeds: Count
    """Seeds that have to reach the aim."""
    max_state: Annotated[int, Field(ge=0, le=1000)] | None = None
    """Most numbers of state a parameter."""
    functions: dict[str, Count] = {}
    """Least number of needed statements with a function, by its name: `{gram = 2}`. The choice is
    among the candidates that have this and `max_state`, if there is one."""
    families: Names = ()
    """Optimizers of the library, one of which the program has to be. It is, up to constants, one
    of them, or its updates on recorded gradients are nearest to one of them."""
    min_cosine: Annotated[float, Field(gt=0, le=1)] = 0.9
    """Least cosine of its updates and those of the nearest optimizer."""
    properties: Names = ()
    """Properties that the program must have, by the words of `[space] require`."""
    better_than: Names = ()
    """Optimizers of `[compare]` that the program has to beat. The interval of its mean relative
    difference over the tasks lies above 0."""
    no_worse_than: Names = ()
    """Optimizers of `[compare]` that the program has to match. That interval lies above minus
    `margin`."""
    margin: Annotated[float, Field(ge=0, lt=1)] = 0.01
    """Largest loss that counts as none, as a share of the score."""
    faster_than: dict[str, Annotated[float, Field(ge=1, le=1000)]] = {}
    """Optimizers of `[compare]`, each with a factor: `{adamw = 1.3}`. The program has to reach the
    same score in 1/1.3 of its steps on every task. The interval of that ratio lies below 1."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        _check_words("families", self.families, library.names(), "optimizer")
        _check_words("properties", self.properties, REQUIREMENTS, "property")
        return self


class CampaignConfig(Config):
    """A campaign. Each seed has a search, a selection and a simplification; one comparison ends it.

    No result depends on time or on the number of workers."""

    run: RunConfig
    """The search. The first repeat has its seed, and each later repeat the next seed. Its workers
    are those of all parts."""
    num_repeats: Annotated[int, Field(gt=0, le=1000)] = 5
    """Seeds."""
    candidates_by_kind: Annotated[int, Field(ge=0, le=1000)] = 1
    """Candidates of each kind. A kind is every number of states a parameter, and what `max_state`
    and `functions` of the aim ask for. The fittest of all others follow, up to `num_candidates` of
    the first stage."""
    select: SelectConfig
    """The selection among the candidates of one run, on tasks that its search never saw. The best
    on the tuning seeds is chosen, so that the final seeds judge it without bias."""
    simplify: SimplifyConfig = SimplifyConfig()
    """The simplification of the chosen program."""
    found: FoundConfig = FoundConfig()
    compare: CompareConfig
    """The comparison of all simplified programs, on tasks that nothing before saw. It names known
    optimizers; the found programs join them."""
    aim: AimConfig

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.run.evolution.method != "evolution":
            raise ValueError(
                f"run.evolution.method must be 'evolution', got '{self.run.evolution.method}'"
            )
        if self.aim.min_seeds > self.num_repeats:
            raise ValueError(
                f"aim.min_seeds ({self.aim.min_seeds}) must be at most num_repeats "
                f"({self.num_repeats})"
            )
        with functions_of(self.run.functions_from):
            _check_words("aim.functions", self.aim.functions, WORDS, "function")
        labels = [optimizer.label for optimizer in self.compare.optimizers]
        for key in ("better_than", "no_worse_than", "faster_than"):
            _check_words(f"aim.{key}", getattr(self.aim, key), labels, "optimizer of compare")
        check_names(self.compare, self.found_names)
        seen = set(self.tasks_before())
        for number, task in enumerate(self.compare.tasks):
            if task in seen:
                raise ValueError(
                    f"compare.tasks.{number} ({task.name}) is a task of the search, the selection "
                    "or the simplification; the aim is judged on unseen tasks: change it"
                )
        return self

    @property
    def found_names(self) -> tuple[str, ...]:
        """Return the names of the found programs in the comparison, one a seed."""
        return tuple(f"seed {self.run.seed + number}" for number in range(self.num_repeats))

    def tasks_before(self) -> Iterator[TaskOptions]:
        """Yield the tasks of all parts before the comparison."""
        yield from self.run.tasks
        for stage in self.select.stages:
            yield from stage.tasks
        yield from self.select.meta_tasks
        yield from self.select.winners_tasks
        yield from self.simplify.tasks

    def to_study(self) -> StudyConfig:
        """Return the searches as a study without baselines."""
        return StudyConfig(
            run=self.run, num_repeats=self.num_repeats, num_random=0, num_constants=0, restart=False
        )

    def to_comparison(self, programs: dict[str, str]) -> CompareConfig:
        """Return the comparison of the named optimizers and found programs.

        Args:
            programs: texts of the found programs by name.
        """
        return add_found(self.compare, self.found, programs)


def _check_words(key: str, words: Iterable[str], known: Collection[str], noun: str) -> None:
    for word in words:
        if word not in known:
            near = did_you_mean(word, known)
            raise ValueError(f"{key}: unknown {noun} '{word}'{near}; there are {', '.join(known)}")
