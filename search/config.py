"""Configurations read from TOML: frozen values; unknown keys are refused."""

import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.errors import ConfigError

MAX_CHARACTERS = 1_000_000
"""The part of a file that is read; no configuration is longer."""


class Config(BaseModel):
    """The base class of every configuration and of its tables."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        use_attribute_docstrings=True,
        allow_inf_nan=False,
    )


C = TypeVar("C", bound=Config)


def read_config(path: Path, model: type[C], settings: Iterable[str] = ()) -> C:
    """Read a configuration from a TOML file.

    Args:
        path: the file.
        model: the class of the configuration.
        settings: `key=value` texts that replace values of the file. Dots lead into tables, and
            numbers into lists: `evolution.lag=8`, `tasks.0.num_steps=100`. A value is TOML; other
            text is taken as a string.

    Raises:
        ConfigError: the file cannot be read, or is no such configuration.
    """
    try:
        with path.open(encoding="utf-8") as file:
            raw = tomllib.loads(file.read(MAX_CHARACTERS))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    # A file that is not UTF-8 raises a ValueError too.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None
    return parse_config(with_settings(raw, settings), str(path), model)


def with_settings(raw: dict[str, Any], settings: Iterable[str]) -> dict[str, Any]:
    """Return the raw configuration after changing it in place; see `read_config`."""
    for setting in settings:
        _set(raw, setting)
    return raw


def parse_config(raw: dict[str, Any], source: str, model: type[C]) -> C:
    """Check a raw configuration, and return it as a value of `model`.

    Raises:
        ConfigError: it is invalid; the message names `source` and the offending key.
    """
    try:
        return model.model_validate_json(json.dumps(raw, default=str))
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
            case "missing":
                message = "missing; add it, or is this the config of another command?"
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
    table: Any = raw
    for part in path:
        if isinstance(table, dict):
            table = table.setdefault(part, {})
        else:
            table = table[_position(table, part, setting)]
    if isinstance(table, dict):
        table[last] = value
    else:
        table[_position(table, last, setting)] = value


def _position(values: Any, part: str, setting: str) -> int:
    """Return a part of a key as a position in a list."""
    if isinstance(values, list) and part.isdecimal() and int(part) < len(values):
        return int(part)
    raise ConfigError(f"--set {setting}: nothing is called '{part}' there; correct the key")
