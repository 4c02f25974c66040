"""The measurement of several axes, and the summary of them as JSON values."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lionhunt.errors import LionhuntError
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.growth import parameters, population, programs, statements, workers
from lionhunt.search.bench.growth.axis import GrowthAxis
from lionhunt.search.bench.growth.slopes import fit_slope
from lionhunt.search.bench.language import machine_name

AXES: dict[str, GrowthAxis] = {
    module.AXIS.name: module.AXIS
    for module in (parameters, statements, population, workers, programs)
}
"""All axes by name, in the order of a report."""


def measure_growth(
    names: Sequence[str], command: str, *, is_full: bool, on_activity: OnActivity
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Measure axes, and yield the name and the summary of each.

    Args:
        names: of the axes.
        command: the command, as the report names it.
        is_full: whether to measure the further sizes, too.
        on_activity: called as an axis begins, and after each size.
    """
    for number, name in enumerate(names):
        axis = AXES[name]
        rows = []
        on_activity(Activity(f"growth with {name}", number, len(names), "axes"))
        for row in axis.measure(axis.sizes + axis.more_sizes * is_full):
            rows.append(row)
            text = f"growth with {name}, {row[name]:,} measured"
            on_activity(Activity(text, number, len(names), "axes"))
        told = {"command": command, "machine": machine_name()}
        yield name, summarize_axis(axis, rows) | told


def summarize_axis(axis: GrowthAxis, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the rows of an axis, and the slope of each curve that has one."""
    slopes = {curve.key: fit_slope(points_of(axis, curve.key, rows)) for curve in axis.curves}
    return {"rows": list(rows), "slopes": slopes}


def points_of(
    axis: GrowthAxis, key: str, rows: Sequence[Mapping[str, Any]]
) -> list[tuple[float, float]]:
    """Return the sizes where a quantity was measured, with its values."""
    return [(row[axis.name], row[key]) for row in rows if key in row]


def read_growth(folder: Path) -> dict[str, Any]:
    """Return the summary of an earlier report in a folder; empty if there is none.

    Raises:
        LionhuntError: the file there is no such summary.
    """
    file = folder / "report.json"
    if not file.exists():
        return {}
    try:
        summary = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError):
        summary = None
    if not isinstance(summary, dict) or not set(summary) <= set(AXES):
        raise LionhuntError(f"{file} is no report of growth; give another folder")
    return summary
