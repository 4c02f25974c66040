"""Options of a user's task as they stand in a config; the user's code runs when it is needed."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Self

import pydantic
from pydantic_core import PydanticCustomError, core_schema

from lionhunt.errors import LionhuntError
from lionhunt.proxy_tasks import Task, TaskError
from lionhunt.proxy_tasks.pytorch.task import TorchOptions, TorchTask
from lionhunt.proxy_tasks.task_class import fields_of
from lionhunt.search.errors import ConfigError
from lionhunt.search.user_code.given import given
from lionhunt.search.user_code.kinds import load_kind, name_of
from lionhunt.search.user_code.loading import Digests, UserCode, load
from lionhunt.search.user_code.own_options import (
    OptionError,
    make_own,
    read_common,
    values_of,
)
from lionhunt.search.user_code.task_values import to_table

NEVER_LOAD = {"loads_code": False}
"""The context of a validation that must not execute the user's code, as of a recorded config."""


@dataclasses.dataclass(frozen=True)
class UserTask:
    """The options of a user's task.

    Attributes:
        kind: reference of its class, a name that a package offers, or `<name>` of a Python object.
        text: its options as JSON with sorted keys.
    """

    kind: str
    text: str

    @classmethod
    def of(cls, kind: str, options: Mapping[str, Any]) -> Self:
        """Return a task of a kind; its code is not executed."""
        return cls(kind, json.dumps(options, sort_keys=True))

    @classmethod
    def parse(cls, kind: str, options: Mapping[str, Any]) -> Self:
        """Load the code of a task and check its options, which get their defaults.

        Raises:
            OptionError: an option is wrong.
            LionhuntError: the code cannot be loaded.
        """
        task = cls.of(kind, options)
        checked = cls.of(kind, task.values(with_kind=False))
        # Both were made from one file, also if it changes in between.
        vars(checked).update(vars(task) | {"kind": checked.kind, "text": checked.text})
        return checked

    @property
    def options(self) -> dict[str, Any]:
        """Return its options as they were given."""
        return json.loads(self.text)

    @property
    def name(self) -> str:
        """Return the name of the task for tables and charts."""
        return name_of(self.kind).strip("<>")

    @property
    def is_object(self) -> bool:
        """Return whether the task was given as a Python object."""
        return self.kind.startswith("<")

    @property
    def horizons(self) -> tuple[int, int] | None:
        """Return the range that the number of steps is drawn from, if there is one."""
        return read_common(self.options).horizons

    @property
    def reparametrization(self) -> float:
        """Return the largest scale of an array."""
        return read_common(self.options).reparametrization

    @property
    def target_loss(self) -> float | None:
        """Return the training loss to which steps are counted, if the score is their number."""
        return read_common(self.options).target_loss

    @functools.cached_property
    def code(self) -> UserCode:
        """Return the class, or the finished task, and the digests of its files."""
        if self.is_object:
            return UserCode(given(self.name, self.options.get("digest")), {})
        return load_kind(self.kind)

    @functools.cached_property
    def own(self) -> Any:
        """Return the instance of the user's class; its code is executed."""
        options = self.options
        common = read_common(options)
        for key in vars(common):
            options.pop(key, None)
        if self.is_object:
            options.pop("digest", None)
        own = make_own(self.code.value, options)
        if isinstance(own, TorchOptions) and (given := common.to_json()):
            raise OptionError(min(given), "a task in PyTorch has no such option; remove it")
        return own

    @functools.cached_property
    def own_values(self) -> dict[str, Any]:
        """Return the options of that instance as JSON values."""
        return values_of(self.own)

    def load(self) -> None:
        """Load the code of the task; raise a `LionhuntError` if that fails.

        A worker gets what was loaded. There a class that came by value checks no options.
        """
        try:
            _ = self.own_values
        except OptionError as error:
            raise ConfigError(f"task {self.name}: {error}") from None

    @property
    def num_steps(self) -> int:
        """Return the training steps that the options ask for."""
        return self.own.num_steps

    @property
    def scaled_steps(self) -> int:
        """Return the training steps; with horizons, the most that are drawn."""
        return self._own_steps if self.horizons is None else self._scaled(self.horizons[1])

    @property
    def _own_steps(self) -> int:
        return getattr(self.own, "scaled_steps", self.num_steps)

    def _scaled(self, num_steps: int) -> int:
        return max(1, round(num_steps * self._own_steps / self.num_steps))

    def values(self, *, with_kind: bool = True) -> dict[str, Any]:
        """Return all options by name, as JSON values."""
        values = {"kind": self.kind} if with_kind else {}
        values |= read_common(self.options).to_json()
        if self.is_object:
            return values | {"digest": self.options["digest"], "num_steps": self.num_steps}
        return values | self.own_values

    def cut_to(self, num_steps: int) -> "UserTask":
        """Return the options of a training of a number of steps, whatever the seed."""
        unscaled = max(1, round(num_steps * self.num_steps / self._own_steps))
        return self._with({"num_steps": unscaled, "horizons": None})

    def shortened(self, share: float) -> "UserTask":
        """Return the options of a training of a share of the steps, of one step at least."""

        def shorten(num_steps: int) -> int:
            return max(1, round(share * num_steps))

        horizons = self.horizons and [*map(shorten, self.horizons)]
        return self._with({"num_steps": shorten(self.num_steps), "horizons": horizons})

    def _with(self, changes: Mapping[str, Any]) -> "UserTask":
        values = {**self.values(with_kind=False), **changes}
        if values.get("horizons") is None:
            values.pop("horizons", None)
        changed = UserTask.of(self.kind, values)
        vars(changed)["code"] = self.code
        changed.load()
        return changed

    def build(self) -> Task | TorchTask:
        """Build the task, and check what its functions return.

        Raises:
            LionhuntError: the code raises, or returns what cannot be trained.
        """
        from lionhunt.proxy_tasks.guarding import call, check_shapes, guard

        self.load()
        task = call(self.name, "build", self.own.build)
        if isinstance(task, TorchTask):
            return dataclasses.replace(task, name=self.name, digest=self._digest(task))
        if not isinstance(task, Task):
            raise TaskError(
                f"task {self.name}: build must return a lionhunt.Task, not {type(task).__name__}"
            )
        if task.num_steps != self._own_steps:
            raise TaskError(
                f"task {self.name}: build returns a task of {task.num_steps} steps, but its "
                f"options say {self._own_steps}; give it num_steps=self.num_steps"
            )
        horizons = self.horizons and (self._scaled(self.horizons[0]), self.scaled_steps)
        task = dataclasses.replace(
            task,
            name=self.name,
            digest=self._digest(task),
            reparametrization=self.reparametrization * task.reparametrization,
            horizons=horizons or task.horizons,
        )
        if self.target_loss is not None:
            task = task.reaching(self.target_loss)
        task = guard(task)
        check_shapes(task)
        return task

    def _digest(self, task: Task | TorchTask) -> str:
        """Return 16 hexadecimal digits that identify source, options and data."""
        from lionhunt.search.user_code.content_digest import digest_of_data

        # As for built-in tasks, what `repr` leaves out does not count: paths, for instance.
        hidden = {name for name, each in fields_of(type(self.own)).items() if not each.repr}
        values = self.values(with_kind=False).items()
        options = json.dumps({k: v for k, v in values if k not in hidden}, sort_keys=True)
        parts = (self.name, self.code.digest, options, task.digest, digest_of_data(task.data))
        return hashlib.sha256(" ".join(parts).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return the table of a config that has this task."""
        return {"kind": self.kind, **self.options}

    @classmethod
    def _validate(cls, value: Any, info: pydantic.ValidationInfo) -> Self:
        if isinstance(value, cls):
            return value
        table = to_table(value)
        if not isinstance(table, Mapping) or not isinstance(table.get("kind"), str):
            raise PydanticCustomError("unknown_task", "a task needs a kind")
        options = {key: option for key, option in table.items() if key != "kind"}
        try:
            if info.context == NEVER_LOAD:
                return cls.of(table["kind"], options)
            return cls.parse(table["kind"], options)
        except OptionError as error:
            raise PydanticCustomError(
                "task_option", "{problem}", {"key": error.key, "problem": error.problem}
            ) from None
        except LionhuntError as error:
            problem = {"problem": str(error)}
            raise PydanticCustomError("unknown_task", "{problem}", problem) from None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> core_schema.CoreSchema:
        to_json = core_schema.plain_serializer_function_ser_schema(cls.to_json)
        return core_schema.with_info_plain_validator_function(cls._validate, serialization=to_json)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        return {"type": "object", "properties": {"kind": {"type": "string"}}, "required": ["kind"]}


def with_tables(raw: Any) -> Any:
    """Return the raw tables of a config, with a table for each task that is a Python object."""
    if isinstance(raw, dict):
        return {key: with_tables(value) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return [with_tables(value) for value in raw]
    return raw.to_json() if isinstance(raw, UserTask) else to_table(raw)


def load_tasks(tasks: Iterable[Any]) -> None:
    """Load the code of all users' tasks among some; raise a `LionhuntError` if that fails."""
    for each in tasks:
        if isinstance(each, UserTask):
            each.load()


def digests_of(code: Iterable[Any]) -> Digests:
    """Return the digests of the user's files, of tasks as they were loaded.

    Args:
        code: options of tasks, and references to other code.
    """
    found: dict[str, str] = {}
    for each in code:
        if isinstance(each, UserTask):
            found |= each.code.digests
        elif isinstance(each, str):
            found |= load(each).digests
    return found
