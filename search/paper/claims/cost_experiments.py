"""The experiments that train nothing: what optimizers keep, and how fast they are."""

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks import Task
from lionhunt.search.environment import environment_differences, summarize_environment
from lionhunt.search.errors import RecordError
from lionhunt.search.paper.claims.memory import StateMemory, measure_memory
from lionhunt.search.paper.claims.speed import LeftOut, Speed, measure_steps, measure_training
from lionhunt.search.statistics import Interval

MODEL = {"weights": (1024, 1024), "biases": (1024,)}
"""The shapes of a model whose states are counted."""

Speeds = tuple[list[Speed], list[LeftOut]]


def count_states() -> list[StateMemory]:
    """What optimizers keep; nothing is allocated."""
    shapes = {name: jax.ShapeDtypeStruct(shape, jnp.float32) for name, shape in MODEL.items()}
    return measure_memory(shapes)


def time_training(tasks: Sequence[Task], say: Callable[[str], None]) -> Speeds:
    """Whole training steps on tasks; see `measure_training`."""
    return measure_training(tasks, say=say), []


def time_optimizers(say: Callable[[str], None]) -> Speeds:
    """The optimizers alone; see `measure_steps`."""
    return measure_steps(say=say)


def kept(path: Path, measure: Callable[[], Speeds]) -> Speeds:
    """What was measured before and is in a file, or else what is measured now and put there.

    What was measured on another machine, with other versions or another source is measured again,
    and so is what had to leave something out.

    Raises:
        RecordError: the file cannot be read or written.
    """
    here = summarize_environment()
    try:
        if path.exists():
            there = json.loads(path.read_text("utf-8"))
            is_from_here = not any(environment_differences(there["environment"], here))
            if is_from_here and not there["left_out"]:
                return _from_json(there)
        speeds, left_out = measure()
        rows = {
            "speeds": [s._asdict() for s in speeds],
            "left_out": [o._asdict() for o in left_out],
            "environment": here,
        }
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(rows, indent=1), "utf-8")
        os.replace(unfinished, path)  # it is there as a whole or not at all
    except OSError as error:
        raise RecordError(f"cannot use {path}: {error.strerror}; make room") from None
    except (ValueError, KeyError, TypeError):
        raise RecordError(f"{path} is damaged; remove it, and it is measured again") from None
    return speeds, left_out


def _from_json(rows: dict[str, Any]) -> Speeds:
    speeds = [Speed(**row | {"ratio": Interval(*row["ratio"])}) for row in rows["speeds"]]
    return speeds, [LeftOut(**row) for row in rows["left_out"]]
