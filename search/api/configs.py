"""Resolve what a user gives for a configuration: a path, a bundled name, a mapping or a model."""

import importlib.resources
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from lionhunt.search.config import Config, parse_config, read_config, read_tables
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.user_code.reference import with_full_paths
from lionhunt.search.workers.xla_environment import set_xla_environment

if TYPE_CHECKING:
    from lionhunt.search.simplification.config import SimplifyConfig

C = TypeVar("C", bound=Config)
Settings = Mapping[str, Any] | Sequence[str] | None
"""Values that replace those of a config: `{"evolution.lag": 8}`, or texts such as "seed=1"."""


class Resolved(NamedTuple):
    """A checked configuration.

    Attributes:
        name: the file's stem, or "run" where there is no file; the default folder has this name.
        config: the checked model.
    """

    name: str
    config: Any


def resolve_config(
    config: str | Path | Mapping[str, Any] | Config,
    model: type[C],
    settings: Settings = None,
    tasks: Sequence[Any] | None = None,
) -> Resolved:
    """Return a checked configuration.

    Args:
        config: path of a TOML file, name of a bundled config, mapping of keys, or model.
        model: the class of configuration that you want.
        settings: values that replace those of the config; dots lead into tables.
        tasks: tasks in place of those of the config; None for those.

    Raises:
        ConfigError: the file cannot be read, a key is unknown, or a value is out of range.

    Example:
        >>> from lionhunt.search.driver.config import RunConfig
        >>> resolve_config("quickstart", RunConfig, {"num_programs": 500}).config.num_programs
        500
    """
    texts = to_texts(settings)
    if isinstance(config, str | Path):
        path = find_config(config)
        if tasks is None:
            return Resolved(path.stem, read_config(path, model, texts))
        raw = with_full_paths(read_tables(path), path.parent) | {"tasks": list(tasks)}
        return Resolved(path.stem, parse_config(raw, str(path), model, texts))
    if isinstance(config, Config):
        if not isinstance(config, model):
            raise ConfigError(f"expected a {model.__name__}, not a {type(config).__name__}")
        if not texts and tasks is None:
            return Resolved("run", config)
        config = config.model_dump(mode="json")
    if not isinstance(config, Mapping):
        raise ConfigError(f"expected a path, the name of a config or a mapping, not {config!r}")
    raw = dict(config) if tasks is None else {**config, "tasks": list(tasks)}
    return Resolved("run", parse_config(raw, "config", model, texts))


def find_config(config: str | Path) -> Path:
    """Return the path of a config file; a bare name such as "quickstart" means a bundled config.

    A file of that name in the working directory comes first. A path that names no file is
    returned as it is, so that reading it reports the error.
    """
    path = Path(config)
    is_name = path.name == str(config) and not path.suffix
    if not is_name or path.is_file():
        return path
    bundled = bundled_configs()
    if path.name not in bundled:
        raise ConfigError(
            f"no config '{config}'{did_you_mean(path.name, bundled)}; give the path of a TOML "
            f"file or one of {', '.join(bundled)}"
        )
    return bundled[path.name]


def bundled_configs() -> dict[str, Path]:
    """Return the paths of the configs that come with Lionhunt, by name."""
    folder = importlib.resources.files("lionhunt.configs")
    files = [Path(str(file)) for file in folder.iterdir() if file.name.endswith(".toml")]
    return {file.stem: file for file in sorted(files)}


def to_texts(settings: Settings) -> list[str]:
    """Return settings as `key=value` texts, with values in TOML."""
    if isinstance(settings, Mapping):
        return [f"{key}={_to_toml(value)}" for key, value in settings.items()]
    return list(settings or ())


def _to_toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(k)} = {_to_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_to_toml, value)) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value)


def resolve_measuring(
    config: Any, settings: Settings, workers: int | None
) -> "tuple[SimplifyConfig, int]":
    """Return the config of measurements and the number of workers, before jax is imported."""
    from lionhunt.search.simplification.config import SimplifyConfig

    set_xla_environment()
    _, resolved = resolve_config({} if config is None else config, SimplifyConfig, settings)
    return resolved, resolved.workers if workers is None else workers
