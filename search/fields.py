"""Types of keys that several configurations share."""

import re
from collections.abc import Mapping
from typing import Annotated, Any

import pydantic
from pydantic import Discriminator, Field, Tag

from lionhunt.proxy_tasks import FAMILIES, FamilyOptions
from lionhunt.search.user_code.task_options import UserTask
from lionhunt.search.user_code.task_values import to_table

MAX_COUNT = 1_000_000_000

Count = Annotated[int, Field(gt=0, le=MAX_COUNT)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
Factor = Annotated[float, Field(ge=1e-6, le=1e6)]
Seeds = Annotated[int, Field(gt=0, le=1000)]
"""A number of random seeds."""
BUILT_IN, OWN = "built-in task", "own task"
TAGS = (BUILT_IN, OWN)


def _origin(task: Any) -> str | None:
    """Return the tag of a task; None for what has no kind."""
    if isinstance(task, Mapping):
        kind = task.get("kind")
        if not isinstance(kind, str):
            return None
        return BUILT_IN if kind in FAMILIES else OWN
    if isinstance(task, FamilyOptions):
        return BUILT_IN
    return OWN if isinstance(to_table(task), Mapping) or isinstance(task, UserTask) else None


TaskOptions = Annotated[
    Annotated[Annotated[FamilyOptions, Field(discriminator="kind")], Tag(BUILT_IN)]
    | Annotated[UserTask, Tag(OWN)],
    Discriminator(_origin),
]


def _check_address(address: str) -> str:
    if not re.fullmatch(r"local|auto|[^\s/]+:[0-9]+", address):
        raise ValueError("expected 'local', 'auto' or host:port")
    return address


Horizons = Annotated[
    tuple[Annotated[float, Field(ge=0.01, le=1)], ...],
    pydantic.AfterValidator(lambda shares: tuple(sorted({*shares} - {1.0}))),
]
"""Shares of a training's steps, from low to high; the whole training is always among them."""


RayAddress = Annotated[str, pydantic.AfterValidator(_check_address)]
"""An address as `search.workers.cluster.ray_cluster.connect` takes it."""
