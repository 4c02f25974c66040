"""The validation curve as a dictionary, as a table, and in a few words."""

from typing import Any

from rich import box
from rich.table import Table

from lionhunt.search.driver.validation.curve import ValidationCurve, ValidationPoint
from lionhunt.search.reporting.text import four_decimals


def summarize_validation(
    curve: ValidationCurve | None, tasks: list[dict[str, Any]]
) -> dict[str, Any] | None:
    """Return the curve of a run as a plain dictionary; None if the run has no validation tasks.

    Args:
        curve: of the run.
        tasks: summaries of the validation tasks.
    """
    if curve is None:
        return None
    peak = curve.peak
    return {
        "tasks": tasks,
        "early_stopped": curve.is_stopped,
        "peak": None if peak is None else peak.num_programs,
        "curve": [_summarize_point(curve, point, tasks) for point in curve.points],
    }


def _summarize_point(
    curve: ValidationCurve, point: ValidationPoint, tasks: list[dict[str, Any]]
) -> dict[str, Any]:
    name = point.best.fingerprint
    by_task = curve.fitness_by_task(name)
    return {
        "programs": point.num_programs,
        "index": point.best.individual.index,
        "search_fitness": point.best.fitness,
        "fitness": curve.fitness(name),
        "scores": {
            task["name"]: {
                "score": curve.score(name, number),
                "reference": curve.score(curve.reference, number),
                "fitness": by_task[number],
            }
            for number, task in enumerate(tasks)
        },
    }


def validation_table(summary: dict[str, Any]) -> Table:
    """Return a table of the points at which the best program changed.

    Args:
        summary: result of `summarize_validation`.
    """
    names = [task["name"] for task in summary["tasks"]]
    table = Table("programs", "best", "in search", "validation", *names, box=box.SIMPLE)
    last = None
    for point in summary["curve"]:
        if point["index"] != last:
            by_task = (point["scores"][name]["fitness"] for name in names)
            numbers = map(_gain, (point["search_fitness"], point["fitness"], *by_task))
            mark = " (peak)" if point["programs"] == summary["peak"] else ""
            table.add_row(f"{point['programs']:,}{mark}", str(point["index"]), *numbers)
        last = point["index"]
    return table


def validation_text(curve: ValidationCurve | None) -> str:
    """Return the last validation and the peak in words; empty before there is one."""
    if curve is None or (peak := curve.peak) is None:
        return ""
    last = curve.fitness(curve.points[-1].best.fingerprint)
    text = "in training" if curve.is_pending else _gain(last)
    highest = _gain(curve.fitness(peak.best.fingerprint))
    return f"{text} (highest {highest}, after {peak.num_programs:,} programs)"


def _gain(fitness: float | None) -> str:
    return "failed" if fitness is None else four_decimals(fitness)
