"""Summaries of the behavior of programs, as plain dictionaries."""

import functools
from collections.abc import Collection
from typing import Any

from lionhunt.dsl.behavior.comparison import Behavior, Known, compare_behavior
from lionhunt.dsl.behavior.wording import describe_behavior, describe_nearest
from lionhunt.dsl.program import Program
from lionhunt.search.activity import Activity, OnActivity, ignore
from lionhunt.search.behavior.recording import TASKS, record_tasks

DIGITS = 4
"""Digits of a figure after the point, and significant digits of a constant."""


def find_behavior(
    program: Program, like: Collection[str] = (), on_activity: OnActivity = ignore
) -> Behavior:
    """Compare a program with every known optimizer on the recorded gradients of proxy tasks.

    Args:
        program: valid program.
        like: known optimizers whose constants are fitted in any case.
        on_activity: called with what is being done.
    """
    on_activity(Activity(f"recording gradients of {len(TASKS)} tasks, and all known optimizers"))
    known = _run_known()
    on_activity(Activity("fitting the constants of known optimizers"))
    return compare_behavior(program, known, like)


@functools.cache
def _run_known() -> Known:
    return Known(record_tasks())


def summarize_behavior(behavior: Behavior) -> dict[str, Any]:
    """Return a behavior as a plain dictionary, with its phrases."""
    summary: dict[str, Any] = {
        "nearest": describe_nearest(behavior),
        "differences": describe_behavior(behavior),
        "tasks": [options.kind for options in TASKS],
        "optimizers": [
            {
                "names": list(neighbor.optimizers),
                "cosine": round(neighbor.cosine, DIGITS),
                "fitted_cosine": round(neighbor.fitted_cosine, DIGITS),
                "constants": {name: _short(x) for name, x in neighbor.constants.items()},
            }
            for neighbor in behavior.nearest
        ],
    }
    if behavior.own is None or behavior.known is None:
        return summary
    responses = {"program": behavior.own, "nearest": behavior.known}
    return summary | {
        "scale": _short(behavior.scale),
        "by_size": [
            {"from": _short(size.least), "to": _short(size.largest), "ratio": _short(size.ratio)}
            for size in behavior.sizes
        ],
        "by_age": {
            name: [round(effect, DIGITS) for effect in each.effects]
            for name, each in responses.items()
        },
        "growth": {name: _short(each.growth) for name, each in responses.items()},
        "weight_decay": {
            name: None if each.decay is None else _short(each.decay)
            for name, each in responses.items()
        },
        "at_factors": [
            {"factor": factor, "name": name, "cosine": round(cosine, DIGITS)}
            for factor, (name, cosine) in behavior.at_factors.items()
        ],
    }


def _short(x: float) -> float:
    return float(f"{x:.{DIGITS}g}")
