"""A task in PyTorch: a function of yours that trains with optimizers from a factory.

The module imports neither torch nor JAX.
"""

import copy
import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.task_class import task
from lionhunt.proxy_tasks.task_errors import TaskError

SEED = "seed"
"""The argument of a function that gets the seed of a training, if it has one."""
OWN_OPTIONS = {"num_steps": (int, 1), "metric": (str, "score"), "higher_is_better": (bool, False)}
"""Options of every such task with their types and defaults; a function may take them too."""


@dataclasses.dataclass(frozen=True)
class TorchTask:
    """A training problem in PyTorch.

    Attributes:
        name: of the function.
        num_steps: training steps; 1 if the function does not tell.
        function: trains; see `lionhunt.torch_task`.
        arguments: options of the function, but for `num_steps`.
        metric: name of the score, with its unit.
        higher_is_better: direction of the score.
        digest: identifies options and data; empty where nothing has identified them yet.
        data: none; a function loads its own.
    """

    name: str
    num_steps: int
    function: Callable[..., Any]
    arguments: Mapping[str, Any]
    metric: str
    higher_is_better: bool
    digest: str = ""
    data: tuple[()] = ()

    @property
    def yields_losses(self) -> bool:
        """Return whether the function yields the loss of each step, so that it can be stopped."""
        return inspect.isgeneratorfunction(self.function)

    def call(self, make_optimizer: Callable[..., Any], seed: int) -> Any:
        """Call the function; one that yields losses begins only when the first one is taken."""
        names = inspect.signature(self.function).parameters
        given = {SEED: seed, "num_steps": self.num_steps}
        given = {name: value for name, value in given.items() if name in names}
        return self.function(make_optimizer, **self.arguments, **given)


class TorchOptions:
    """The base of the task classes that are made of functions."""


@functools.cache
def torch_task_class(function: Callable[..., Any]) -> type[Any]:
    """Return the task class of a function, whose fields are the function's arguments.

    Raises:
        TaskError: the function is async, does not take a factory as its first argument, or takes
            arguments without names.
    """
    name = function.__name__
    if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
        raise TaskError(f"{name} is async, which nothing here awaits; make it a plain function")
    first, *others = inspect.signature(function).parameters.values() or (None,)
    if first is None or first.kind not in (first.POSITIONAL_ONLY, first.POSITIONAL_OR_KEYWORD):
        raise TaskError(f"{name} must take a factory of optimizers as its first argument")
    try:
        hints = typing.get_type_hints(function)
    # An annotation may name anything.
    except Exception:
        hints = {}
    fields = []
    for each in others:
        if each.kind not in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY):
            raise TaskError(f"{name} takes *{each.name}; give each option a name")
        if each.name == SEED:
            continue
        is_any = each.default is each.empty or each.default is None
        kind = hints.get(each.name, Any if is_any else type(each.default))
        fields.append((each.name, kind, _field(each)))
    taken = {each.name for each in others}
    own = {key: option for key, option in OWN_OPTIONS.items() if key not in taken}
    fields += [(key, kind, dataclasses.field(default=value)) for key, (kind, value) in own.items()]

    def build(self: Any) -> TorchTask:
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        arguments = {key: values[key] for key in values.keys() & taken - {"num_steps"}}
        return TorchTask(
            name,
            values["num_steps"],
            function,
            arguments,
            values["metric"],
            values["higher_is_better"],
        )

    namespace = {"build": build, "__doc__": function.__doc__, "__module__": function.__module__}
    made = dataclasses.make_dataclass(
        name, fields, bases=(TorchOptions,), namespace=namespace, frozen=True, kw_only=True
    )
    return task(made)


def _field(parameter: inspect.Parameter) -> Any:
    """Return the field of an argument, with its default."""
    if parameter.default is parameter.empty:
        return dataclasses.field()
    # A list would be one for all instances.
    return dataclasses.field(default_factory=lambda: copy.deepcopy(parameter.default))


def require_jax(built: Task | TorchTask, what: str) -> Task:
    """Return a task that trains in JAX; raise `TaskError` for any other.

    Args:
        built: the task.
        what: that trains, for the message.
    """
    if isinstance(built, TorchTask):
        raise TaskError(
            f"task {built.name} trains in PyTorch, and {what} trains in JAX; leave it out"
        )
    return built
