"""Instances of a user's task class from the options of a config, checked as the built-in ones."""

import dataclasses
import json
from collections.abc import Mapping
from typing import Annotated, Any

import pydantic
from pydantic import Field

from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.task_class import fields_of
from lionhunt.proxy_tasks.task_options import MAX_OPTION, MAX_STEPS
from lionhunt.search.errors import did_you_mean, first_line

_Steps = Annotated[int, Field(gt=0, le=MAX_OPTION)]


class OptionError(Exception):
    """An option that is wrong.

    Attributes:
        key: the option; empty for the options together.
        problem: one line on it.
    """

    def __init__(self, key: str, problem: str):
        super().__init__(f"{key}: {problem}" if key else problem)
        self.key, self.problem = key, problem


@dataclasses.dataclass(frozen=True)
class CommonOptions:
    """The options that every task of a user has beside its own; see `proxy_tasks.task_options`."""

    __pydantic_config__ = pydantic.ConfigDict(extra="ignore", strict=True)

    horizons: Annotated[tuple[_Steps, _Steps], pydantic.Strict(False)] | None = None
    reparametrization: Annotated[float, Field(ge=1, le=MAX_OPTION)] = 1.0
    target_loss: Annotated[float, Field(gt=0, le=MAX_OPTION)] | None = None

    def __post_init__(self):
        if self.horizons is not None and self.horizons[0] > self.horizons[1]:
            raise ValueError(f"horizons {list(self.horizons)} must begin with the lower number")

    def to_json(self) -> dict[str, Any]:
        """Return those that are not their defaults."""
        values = {
            field.name: value
            for field in dataclasses.fields(self)
            if (value := getattr(self, field.name)) != field.default
        }
        return values | ({} if self.horizons is None else {"horizons": list(self.horizons)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class FinishedTask:
    """A task that was built before; its length is its only option."""

    task: Task = dataclasses.field(repr=False)
    num_steps: int

    def build(self) -> Task:
        """Return the task with this number of steps."""
        return dataclasses.replace(self.task, num_steps=self.num_steps)


def read_common(options: Mapping[str, Any]) -> CommonOptions:
    """Return the options that every task has; raise `OptionError` if one is wrong."""
    names = [field.name for field in dataclasses.fields(CommonOptions)]
    text = json.dumps({name: options[name] for name in names if name in options})
    return _validate(CommonOptions, text)


def make_own(code: Any, options: Mapping[str, Any]) -> Any:
    """Make the instance of a task class, or of `FinishedTask` for a task that is none.

    Args:
        code: the class, one of its instances, or the task. The last two have their length alone.
        options: JSON values by name.

    Raises:
        OptionError: an option is unknown, missing or out of range.
    """
    if isinstance(code, Task):
        _refuse_unknown(options, ["num_steps"])
        own: Any = FinishedTask(task=code, num_steps=options.get("num_steps", code.num_steps))
    elif isinstance(code, type):
        _refuse_unknown(options, list(fields_of(code)))
        own = _validate(code, json.dumps(options))
    else:
        _refuse_unknown(options, ["num_steps"])
        own = dataclasses.replace(code, num_steps=options.get("num_steps", code.num_steps))
    for name in ("num_steps", "scaled_steps"):
        steps = getattr(own, name, 1)
        if isinstance(steps, bool) or not isinstance(steps, int) or not 0 < steps <= MAX_STEPS:
            raise OptionError(
                name, f"expected a whole number from 1 to {MAX_STEPS:,}, got {steps!r}"
            )
    return own


def values_of(own: Any) -> dict[str, Any]:
    """Return the options of an instance as JSON values; of a Python object, its length alone."""
    if isinstance(own, FinishedTask):
        return {"num_steps": own.num_steps}
    try:
        values = pydantic.TypeAdapter(type(own)).dump_python(own, mode="json", warnings="error")
        names = fields_of(type(own))
        return {name: values[name] for name in names}
    # A field may hold anything.
    except Exception:
        return {"num_steps": own.num_steps}


def _refuse_unknown(options: Mapping[str, Any], names: list[str]) -> None:
    for key in options:
        if key not in names:
            near = did_you_mean(key, names) or f"; there are {', '.join(names)}"
            raise OptionError(key, f"unknown key{near}")


def _validate(cls: type, text: str) -> Any:
    try:
        return pydantic.TypeAdapter(cls).validate_json(text)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        if first["type"] == "missing":
            message = "missing; add it"
        elif isinstance(value := first["input"], str | int | float):
            message += f", got {value!r}"
        raise OptionError(key, message) from None
    # The type of a field may be none, and `__post_init__` may raise anything.
    except Exception as error:
        problem = f"its options cannot be checked: {type(error).__name__}: {first_line(error)}"
        raise OptionError("", problem) from None
