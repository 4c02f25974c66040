"""The configuration of a run: frozen, read from TOML, unknown keys refused."""

import json
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, ConfigDict, Field

from dsl.ops import SYMBOLS, WORDS
from proxy_tasks import FAMILIES, DigitsMLP, DigitsViT, StdlibLM
from search.mutation import DRAWN_FUNCTIONS, MutationSpace

TaskOptions = Annotated[DigitsMLP | DigitsViT | StdlibLM, Field(discriminator="kind")]


MAX_CHARACTERS = 1_000_000
"""How much of a file is read: what is longer is no configuration."""
MAX_COUNT = 1_000_000_000
Count = Annotated[int, Field(gt=0, le=MAX_COUNT)]
Weight = Annotated[float, Field(ge=0, le=1e6)]


class ConfigError(ValueError):
    """A configuration that cannot be used: one line that says where and why."""


class _Config(BaseModel):
    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


class EvolutionConfig(_Config):
    """Regularized evolution (the paper: population 1,000, tournament 2)."""

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


class MutationConfig(_Config):
    """How children differ from their parents."""

    insert: Weight = 1.0
    """How often a statement is inserted, relative to the other kinds."""
    delete: Weight = 1.0
    """How often a statement is deleted."""
    modify: Weight = 1.0
    """How often an argument is modified."""
    max_statements: Count | None = None
    """Programs of this length get no more statements; by default there is no limit."""
    functions: tuple[str, ...] = DRAWN_FUNCTIONS
    """Functions of inserted statements; the paper's 43 by default."""

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
        return MutationSpace(self.functions, weights, self.max_statements)


class EvaluationConfig(_Config):
    """How a candidate is scored."""

    combination: Literal["mean", "min"] = "mean"
    """From the fitness on each task to one: the mean, or the worst. The fitness on a task is the
    gain over the initial program's score, as a share of that score: 0 is as good as it."""
    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Ray workers, one core each; 0 scores in this process, where nothing catches what hangs or
    kills. The result does not depend on it."""
    candidate_seconds: Annotated[float, Field(gt=0)] = 300.0
    """Wall clock after which a candidate is given up: generous, it only catches what hangs."""


class RunConfig(_Config):
    """One search."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 0
    """Of everything random in the run."""
    num_programs: Count
    """Programs in all, the initial population included."""
    initial: str = "adamw_initial"
    """The program that evolution begins with: a library name, or a file."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """What candidates are scored on."""
    evolution: EvolutionConfig = EvolutionConfig()
    mutation: MutationConfig = MutationConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.num_programs < self.evolution.population_size:
            raise ValueError(
                f"num_programs ({self.num_programs}) must be at least "
                f"population_size ({self.evolution.population_size})"
            )
        return self


def load_config(path: Path, settings: list[str] | None = None) -> RunConfig:
    """Reads a TOML file.

    Args:
        path: the file.
        settings: `key=value` texts that replace values of the file; dots lead into tables, and
            numbers into lists: `evolution.lag=8`, `tasks.0.num_steps=100`. The value is TOML; what
            is not, is text.

    Raises:
        ConfigError: it cannot be read or used.
    """
    try:
        with path.open(encoding="utf-8") as file:
            raw = tomllib.loads(file.read(MAX_CHARACTERS))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:  # also of what is not UTF-8
        raise ConfigError(f"{path} is not TOML: {error}") from None
    for setting in settings or ():
        _set(raw, setting)
    return parse_config(raw, str(path))


def parse_config(raw: dict[str, Any], source: str) -> RunConfig:
    """Checks what was read; raises `ConfigError` that names `source` and the offending key."""
    try:
        return RunConfig.model_validate_json(json.dumps(raw, default=str))
    except (RecursionError, UnicodeEncodeError) as error:
        raise ConfigError(f"{source} is not a configuration: {error}") from None
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        # The path of a task repeats its kind, which is no key of the file.
        key = ".".join(str(part) for part in first["loc"] if part not in FAMILIES)
        message = first["msg"].removeprefix("Value error, ")
        match first["type"]:
            case "extra_forbidden" | "unexpected_keyword_argument":
                message = "unknown key; remove it or correct its name"
            case "union_tag_invalid":
                tag = first.get("ctx", {}).get("tag")
                message = f"unknown task '{tag}'; there are {', '.join(FAMILIES)}"
            case "union_tag_not_found":
                message = f"a task needs a kind: {', '.join(FAMILIES)}"
            case _ if isinstance(first["input"], str | int | float):
                message += f", got {first['input']!r}"
        raise ConfigError(f"{source}: {key + ': ' if key else ''}{message}") from None


def _set(raw: dict[str, Any], setting: str) -> None:
    key, equals, text = setting.partition("=")
    if not equals or not key.strip():
        raise ConfigError(f"--set {setting}: expected key=value, as in evolution.lag=8")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError):
        value = text
    *path, last = key.strip().split(".")
    place: Any = raw
    for part in path:
        if isinstance(place, list) and part.isdecimal() and int(part) < len(place):
            place = place[int(part)]
        elif isinstance(place, dict):
            place = place.setdefault(part, {})
        else:
            raise ConfigError(f"--set {setting}: nothing is called '{part}' there")
    if isinstance(place, list) and last.isdecimal() and int(last) < len(place):
        place[int(last)] = value
    elif isinstance(place, dict):
        place[last] = value
    else:
        raise ConfigError(f"--set {setting}: nothing is called '{last}' there")
