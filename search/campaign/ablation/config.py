"""The configuration of an ablation: one search, its variants, and the comparison that ends it."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pydantic
from pydantic import Field

from lionhunt.search.campaign.found import FoundConfig, add_found, check_names
from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.config import Config
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.errors import ConfigError
from lionhunt.search.paper.replication.config import StudyConfig

SHARED = ("seed", "functions_from", "tasks", "max_trainings", "reference")
"""Keys of a search that all variants share, so that they differ in nothing but remedies."""


class VariantConfig(Config):
    """A variant of the search."""

    name: Annotated[str, Field(min_length=1, max_length=100)]
    """Its name in the report. Its letters and digits name its folder."""
    settings: dict[str, Any] = {}
    """Values that replace those of `[run]`. Dots lead into tables, as with `--set`:
    `{"evaluation.step_sizes" = []}`. Without any, the variant is the search of `[run]`."""

    @property
    def folder(self) -> str:
        """Return the name of its folder."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.lower()).strip("_")


class AblationConfig(Config):
    """An ablation. Each variant has a search with each seed; one comparison judges all programs.

    No result depends on time or on the number of workers."""

    run: RunConfig
    """The search. The first repeat has its seed, and each later repeat the next seed. Its
    `max_trainings` is the training of every search. Its workers are those of all parts."""
    num_repeats: Annotated[int, Field(gt=0, le=1000)] = 5
    """Seeds of each variant."""
    variants: Annotated[tuple[VariantConfig, ...], Field(min_length=2)]
    """Variants of the search. All others are compared with the first."""
    found: FoundConfig = FoundConfig()
    """Start of the tuning of the found programs."""
    compare: CompareConfig
    """The comparison: the known optimizers, which the best program of every search joins, and the
    unseen tasks. The tasks of the search come before them, with the fresh seeds."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.run.max_trainings is None:
            raise ValueError("run.max_trainings: missing; it gives all variants the same training")
        folders: dict[str, str] = {}
        runs: list[tuple[str, RunConfig]] = []
        for number, variant in enumerate(self.variants):
            name, folder = variant.name, variant.folder
            if not folder:
                raise ValueError(f"variants.{number}.name: '{name}' has no letter and no digit")
            if folder in folders:
                raise ValueError(
                    f"variants.{number}.name: '{name}' and '{folders[folder]}' have one folder, "
                    f"{folder}; change a name"
                )
            folders[folder] = name
            run = self.to_study(variant).run
            for key in SHARED:
                if getattr(run, key) != getattr(self.run, key):
                    raise ValueError(
                        f"variants.{number} ({name}) changes {key}; all variants share it: change "
                        "it in [run]"
                    )
            for other, same in runs:
                if run == same:
                    raise ValueError(f"variants.{number} ({name}) is the same search as {other}")
            runs.append((name, run))
        check_names(self.compare, self.found_names())
        if all(task in self.run.tasks for task in self.compare.tasks):
            raise ValueError("compare.tasks: add a task that the search does not have")
        return self

    def to_study(self, variant: VariantConfig) -> StudyConfig:
        """Return the searches of a variant as a study without baselines.

        Raises:
            ConfigError: the settings of the variant do not fit a search.
        """
        raw = replaced(self.run.model_dump(mode="json"), variant.settings)
        run = parse_run_config(raw, f"variant '{variant.name}'")
        if run.evolution.method != "evolution":
            raise ConfigError(f"variant '{variant.name}': evolution.method must be 'evolution'")
        return StudyConfig(
            run=run, num_repeats=self.num_repeats, num_random=0, num_constants=0, restart=False
        )

    def found_names(self) -> Iterator[str]:
        """Yield the names of all found programs in the comparison."""
        for variant in self.variants:
            for number in range(self.num_repeats):
                yield self.found_name(variant, number)

    def found_name(self, variant: VariantConfig, number: int) -> str:
        """Return the name of the program that a search finds.

        Args:
            variant: of the search.
            number: of the repeat, from 0.
        """
        return f"{variant.name}, seed {self.run.seed + number}"

    def to_comparison(self, programs: Mapping[str, str]) -> CompareConfig:
        """Return the comparison, on the tasks of the search and on the unseen ones.

        Args:
            programs: texts of the found programs by name.
        """
        tasks = tuple(dict.fromkeys((*self.run.tasks, *self.compare.tasks)))
        compare = self.compare.model_copy(update={"tasks": tasks})
        return add_found(compare, self.found, programs)


def replaced(table: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with other values; dots in a key, and tables within, lead into tables.

    Example:
        >>> replaced({"a": {"b": 1, "c": 2}, "d": 3}, {"a.b": 4, "d": 5})
        {'a': {'b': 4, 'c': 2}, 'd': 5}
    """
    result = dict(table)
    for key, value in settings.items():
        first, dot, rest = key.partition(".")
        within = {rest: value} if dot else value
        below = result.get(first)
        if isinstance(below, Mapping) and isinstance(within, Mapping):
            within = replaced(below, within)
        result[first] = within
    return result
