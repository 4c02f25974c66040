"""Task classes of the user: a dataclass of options whose method `build` returns a task."""

import dataclasses
import inspect
from typing import Any, TypeVar, cast, dataclass_transform

from lionhunt.proxy_tasks.task_errors import TaskError

C = TypeVar("C", bound=type)
_MARK = "__is_lionhunt_task__"
RESERVED = {"kind", "horizons", "reparametrization"}
"""Keys of a config that every task has beside its own options."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def task(cls: C) -> C:
    """Declare a class as the options of a task: the decorator `lionhunt.task`.

    Its fields are the keys of `[[tasks]]` in a config. A class that is no dataclass becomes a
    frozen one, with keyword arguments alone.

    Args:
        cls: has the field `num_steps`, and a method `build` that returns a `lionhunt.Task`.

    Raises:
        TaskError: it lacks one of them.
    """
    if not isinstance(cls, type):
        raise TaskError("lionhunt.task decorates a class; for functions use Task.from_functions")
    if not dataclasses.is_dataclass(cls) or "__dataclass_fields__" not in vars(cls):
        cls = dataclasses.dataclass(frozen=True, kw_only=True)(cls)  # type: ignore[assignment]
    if (missing := _missing(cls)) is not None:
        raise TaskError(f"the task class {cls.__name__} has no {missing}")
    # Pydantic checks the options of a config by it.
    if "__pydantic_config__" not in vars(cls):
        cls.__pydantic_config__ = {"extra": "forbid", "strict": True}  # type: ignore[attr-defined]
    setattr(cls, _MARK, cls.__qualname__)
    return cast(C, cls)


def is_task_class(value: object) -> bool:
    """Return whether a value is a class that `task` decorated; a subclass alone is not."""
    return isinstance(value, type) and _MARK in vars(value)


def fields_of(cls: type) -> dict[str, dataclasses.Field[Any]]:
    """Return the options of a task class, by name."""
    return {field.name: field for field in dataclasses.fields(cls) if field.init}


def _missing(cls: type) -> str | None:
    names = fields_of(cls)
    if "num_steps" not in names:
        return "field 'num_steps', its number of training steps"
    if not callable(getattr(cls, "build", None)):
        return "method 'build' that returns a lionhunt.Task"
    if reserved := names.keys() & RESERVED:
        return f"room for an option called '{min(reserved)}', which every task has; rename it"
    required = [
        name
        for name, parameter in list(inspect.signature(cls.build).parameters.items())[1:]
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    ]
    return f"build() without arguments; it takes {', '.join(required)}" if required else None
