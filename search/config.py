"""Configurations read from TOML: frozen values; unknown keys are refused."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pydantic
from pydantic import BaseModel, ConfigDict

from lionhunt.proxy_tasks import FAMILIES, TaskError
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.fields import TAGS
from lionhunt.search.user_code.kinds import all_kinds
from lionhunt.search.user_code.reference import with_full_paths
from lionhunt.search.user_code.task_options import NEVER_LOAD, with_tables

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
    raw = with_full_paths(read_tables(path), path.parent)
    return parse_config(raw, str(path), model, settings)


def read_tables(path: Path) -> dict[str, Any]:
    """Read a TOML file as raw tables; raise `ConfigError` if it cannot be read."""
    try:
        with path.open(encoding="utf-8") as file:
            return tomllib.loads(file.read(MAX_CHARACTERS))
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from None
    # A file that is not UTF-8 raises a ValueError too.
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not TOML: {error}") from None


def parse_config(
    raw: dict[str, Any],
    source: str,
    model: type[C],
    settings: Iterable[str] = (),
    *,
    loads_code: bool = True,
) -> C:
    """Check a raw configuration, and return it as a value of `model`.

    Args:
        raw: the raw configuration; it is not changed.
        source: a name for `raw`.
        model: the class of the configuration.
        settings: see `read_config`.
        loads_code: False leaves the user's code, which the config names, alone; who reads what a
            run recorded executes nothing.

    Raises:
        ConfigError: it is invalid. The message names the offending key, and `source` or the setting
            that is at fault.
    """
    try:
        raw = with_tables(raw)
    except (TaskError, RecursionError) as error:
        raise ConfigError(f"{source}: {error}") from None
    context = None if loads_code else NEVER_LOAD
    config, fault = _parse(raw, model, context)
    for text in settings:
        _set(raw, text)
        earlier = fault
        config, fault = _parse(raw, model, context)
        if fault != earlier:
            source = f"--set {text}"
    if config is None:
        raise ConfigError(f"{source}: {fault}")
    return config


def _parse(
    raw: dict[str, Any], model: type[C], context: dict[str, Any] | None
) -> tuple[C | None, str]:
    """Return a checked configuration, or what is wrong with it."""
    try:
        # Paths in a file are full by now; others start from the current folder.
        text = json.dumps(with_full_paths(raw, Path()), default=str)
        return model.model_validate_json(text, context=context), ""
    except (RecursionError, UnicodeEncodeError) as error:
        return None, f"not a configuration: {error}"
    except pydantic.ValidationError as error:
        return None, _explain(error.errors()[0], model)


def _explain(error: Any, model: type[Config]) -> str:
    """Return an error of pydantic as the key that it concerns, and a message."""
    # The path of a task repeats its kind, which is no key of the file.
    path = [part for part in error["loc"] if part not in (*FAMILIES, *TAGS)]
    key = ".".join(map(str, path))
    message = error["msg"].removeprefix("Value error, ")
    match error["type"]:
        case "extra_forbidden" | "unexpected_keyword_argument":
            near = _nearest_key(key, model, error["loc"])
            message = f"unknown key{near or '; remove it or correct its name'}"
        case "missing":
            message = "missing; add it, or is this the config of another command?"
        case "union_tag_not_found":
            message = f"a task needs a kind: {', '.join(all_kinds())}, or your own"
        case "unknown_task":
            pass
        case "task_option":
            key = ".".join(filter(None, (key, error["ctx"]["key"])))
        case "literal_error" if isinstance(value := error["input"], str):
            near = did_you_mean(value, re.findall("'(.*?)'", message))
            message += f", got {value!r}{near}"
        case _ if isinstance(error["input"], str | int | float):
            message += f", got {error['input']!r}"
    return f"{key + ': ' if key else ''}{message}"


def _nearest_key(key: str, model: type[Config], place: Sequence[str | int]) -> str:
    """Return a question for a key of the same name elsewhere, or for one of a similar name."""
    keys = [known for known in _keys(model, place) if known != key]
    name = key.rpartition(".")[2]
    same = [known for known in keys if known.rpartition(".")[2] == name]
    return did_you_mean(same[0] if same else key, keys)


def _keys(model: type[Config], place: Sequence[str | int]) -> Iterator[str]:
    """Yield all keys of a configuration, with dots.

    Args:
        model: the class of the configuration.
        place: gives the positions in lists, and the kind of a task.
    """
    schema = model.model_json_schema()
    positions = [str(part) for part in place if isinstance(part, int)]

    def below(node: Any, prefix: str, depth: int) -> Iterator[str]:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
        kinds = node.get("discriminator", {}).get("mapping", {})
        chosen = [{"$ref": kinds[kind]} for kind in kinds if kind in place]
        for choice in chosen or (*node.get("anyOf", ()), *node.get("oneOf", ())):
            yield from below(choice, prefix, depth)
        if "items" in node:
            position = positions[depth] if depth < len(positions) else "0"
            yield from below(node["items"], f"{prefix}{position}.", depth + 1)
        for key, value in node.get("properties", {}).items():
            yield f"{prefix}{key}"
            yield from below(value, f"{prefix}{key}.", depth)

    return below(schema, "", 0)


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


def flat_values(table: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables and lists of tables, with dots in their keys.

    Example:
        >>> dict(flat_values({"a": {"b": 1}, "c": [{"d": 2}], "e": [3]}))
        {'a.b': 1, 'c.0.d': 2, 'e': [3]}
    """
    for key, value in table.items():
        is_list = isinstance(value, list) and value
        if is_list and all(isinstance(each, Mapping) for each in value):
            yield from flat_values(dict(enumerate(value)), f"{prefix}{key}.")
        elif isinstance(value, Mapping):
            yield from flat_values(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
