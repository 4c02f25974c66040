"""Kinds of tasks that are no built-in ones: references, and names that installed packages offer."""

import functools
import types
from typing import Any, NamedTuple

from lionhunt.proxy_tasks import FAMILIES, OTHER_KINDS, Task, TaskError
from lionhunt.proxy_tasks.pytorch.task import torch_task_class
from lionhunt.proxy_tasks.task_class import is_task_class, task
from lionhunt.search.errors import SourceError, did_you_mean
from lionhunt.search.user_code.loading import Digests, UserCode, load, source_digests
from lionhunt.search.user_code.reference import Reference, is_reference

GROUP = "lionhunt.tasks"
"""The entry points by which installed packages offer tasks."""


class Offer(NamedTuple):
    """A task class that an installed package offers under a name.

    Attributes:
        reference: of the class.
        package: that offers it.
    """

    reference: str
    package: str


@functools.cache
def offered() -> dict[str, Offer]:
    """Return the offers of installed packages by name; their code is not executed."""
    # This import is slow, and few configs need it.
    from importlib import metadata

    found = {
        point.name: Offer(point.value, point.dist.name if point.dist else "")
        for point in metadata.entry_points(group=GROUP)
    }
    return {name: found[name] for name in sorted(found)}


def all_kinds() -> list[str]:
    """Return the names of all kinds: built-in ones first, then those of installed packages."""
    return [*FAMILIES, *OTHER_KINDS, *(name for name in offered() if name not in OTHER_KINDS)]


def reference_of(kind: str) -> str:
    """Return the reference of a kind that is no built-in one.

    Raises:
        SourceError: it is neither a reference nor a name that an installed package offers.
    """
    if is_reference(kind):
        return kind
    if kind in OTHER_KINDS:
        return OTHER_KINDS[kind]
    if kind in offered():
        return offered()[kind].reference
    near = did_you_mean(kind, all_kinds())
    raise SourceError(
        f"unknown task '{kind}'{near}; there are {', '.join(all_kinds())}, and your own as "
        "./file.py:Name"
    )


def name_of(kind: str) -> str:
    """Return the name of a task for tables and charts."""
    return Reference.parse(kind).name if is_reference(kind) else kind


def load_kind(kind: str) -> UserCode:
    """Load the task class, or the finished task, that a kind names; its code is executed.

    A function becomes the class of a task in PyTorch.

    Raises:
        SourceError: there is none, or its code raises.
    """
    if kind in OTHER_KINDS:
        # The version of Lionhunt identifies it.
        return UserCode(load(OTHER_KINDS[kind]).value, {})
    code = load(reference_of(kind))
    return UserCode(_as_task(code.value, kind), code.digests)


def digests_of_kind(kind: str) -> Digests:
    """Return the digests of the files of a kind, as they are now; nothing is executed."""
    return {} if kind in OTHER_KINDS else source_digests(reference_of(kind))


def _as_task(value: Any, kind: str) -> Any:
    if isinstance(value, Task) or is_task_class(value):
        return value
    is_class, is_function = isinstance(value, type), isinstance(value, types.FunctionType)
    if not is_class and not is_function:
        raise SourceError(
            f"{kind} is {type(value).__name__}; expected a class with @lionhunt.task, a "
            "lionhunt.Task, or a function that trains in PyTorch"
        )
    try:
        return task(value) if is_class else torch_task_class(value)
    except TaskError as error:
        raise SourceError(f"{kind}: {error}") from None
