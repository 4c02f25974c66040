"""Tables of steps to the final score of a reference, from `search.steps_to_target`."""

from collections.abc import Sequence
from typing import Any

from lionhunt.search.reporting.tables import Table

Summary = dict[str, Any]
"""A dictionary of `summarize_ratios`."""

EXPLANATION = (
    "A ratio of 0.77 means that an optimizer needs 1/1.3 of the reference's steps. With each seed, "
    "both are timed at the worse of their final scores, linear between the points. Not reached: "
    "with so many seeds the optimizer ends worse than the reference. Both are then timed at the "
    "optimizer's own final score, and the ratio is above 1. At a first point: one of the two is "
    "there by the first point of its curve, which counts, so the true ratio may be further from 1. "
    "Ratios are geometric means, with Student's interval of the logarithms over seeds. The mean "
    "weighs tasks equally."
)
"""How to read the tables."""


def steps_table(title: str, entries: Sequence[tuple[str, Summary]]) -> Table:
    """Return a table of ratios: a row for each entry, a column for each task, and the mean.

    Args:
        title: one line.
        entries: names with their ratios, on the same tasks.
    """
    tasks = [task["task"] for task in entries[0][1]["tasks"]]
    rows = [
        (name, *(_on_task(task) for task in summary["tasks"]), _overall(summary))
        for name, summary in entries
    ]
    return Table(title, ("program", *tasks, "geometric mean"), rows)


def ratio_text(ratio: dict[str, float | None] | None) -> str:
    """Print a ratio with its interval."""
    if ratio is None:
        return "not compared"
    if ratio["high"] is None:
        return f"{ratio['mean']:.2f} (one run)"
    return f"{ratio['mean']:.2f} [{ratio['low']:.2f}, {ratio['high']:.2f}]"


def _on_task(task: Summary) -> str:
    lines = [ratio_text(task["ratio"])]
    if task["verdict"]:
        lines.append(f"{task['verdict']} steps")
    counts = {
        "not reached": task["num_not_reached"],
        "at a first point": task["num_bounds"],
        "failed": task["num_failures"],
        "failed of the reference": task["num_reference_failures"],
    }
    return "\n".join([*lines, *(f"{count} {words}" for words, count in counts.items() if count)])


def _overall(summary: Summary) -> str:
    num_tasks = len(summary["tasks"])
    text = ratio_text(summary["ratio"])
    if summary["num_tasks"] < num_tasks:
        text += f"\n{summary['num_tasks']} of {num_tasks} tasks"
    return text
