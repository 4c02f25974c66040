"""Types of keys that several configurations share."""

import re
from typing import Annotated

import pydantic
from pydantic import Field

from lionhunt.proxy_tasks import FamilyOptions

MAX_COUNT = 1_000_000_000

Count = Annotated[int, Field(gt=0, le=MAX_COUNT)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
Factor = Annotated[float, Field(ge=1e-6, le=1e6)]
Seeds = Annotated[int, Field(gt=0, le=1000)]
"""A number of random seeds."""
TaskOptions = Annotated[FamilyOptions, Field(discriminator="kind")]


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
"""An address as `search.workers.ray_cluster.connect` takes it."""
