"""The pictures of a run's page as data for Plotly; `charts.js` gives them their colours."""

from collections.abc import Iterable, Sequence
from typing import Any

from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.report_page.history import HistoryColumns
from lionhunt.search.report_page.page import plotly_text
from lionhunt.search.report_page.thinning import running_maxima

Chart = dict[str, Any]
"""A picture: `data` and `layout` as Plotly takes them. A `role` of a line names its colour."""


def history_chart(
    history: HistoryColumns,
    shown: Sequence[int],
    front: Sequence[int],
    lineage: Sequence[int],
    front_name: str = "front",
) -> Chart:
    """Return fitness over births, with the best so far, the front and the line of the best.

    Args:
        history: columns of all individuals.
        shown: individuals with a point.
        front: those of the front, or of another choice.
        lineage: those of the line of the best.
        front_name: name of the choice in the legend.
    """
    special = {*front, *lineage}
    others = [i for i in shown if i not in special]
    maxima = running_maxima(history.rank)
    ends = [*maxima, len(history) - 1] if maxima else []
    best = [history.fitness[i] for i in maxima]
    lines = [
        _points("program", others, history.fitness, "plain", "circle", 4),
        {
            "name": "best so far",
            "x": ends,
            "y": best + best[-1:],
            "mode": "lines",
            "line": {"shape": "hv", "width": 2},
            "role": "best",
            "hoverinfo": "skip",
        },
        _points("line of the best", lineage, history.fitness, "lineage", "diamond", 8),
        _points(front_name, front, history.fitness, "front", "square", 9),
    ]
    values = sorted(x for i in shown if (x := history.fitness[i]) is not None)
    layout: dict[str, dict[str, Any]] = {
        "xaxis": {"title": "births"},
        "yaxis": {"title": "fitness"},
    }
    if values:
        low, high = values[len(values) // 10], values[-1]
        room = max(high - low, 1e-6) / 20
        layout["yaxis"]["range"] = [low - room, high + room]
    return {"data": lines, "layout": layout}


def overview_chart(history_chart: Chart) -> Chart:
    """Return the best so far and the line of the best of a chart of the history."""
    lines = [line for line in history_chart["data"] if line["role"] in ("best", "lineage")]
    layout = {axis: {"title": title} for axis, title in (("xaxis", "births"), ("yaxis", "fitness"))}
    return {"data": lines, "layout": layout}


def num_below(chart: Chart) -> int:
    """Return the number of points below the range in which a chart begins."""
    low, _ = chart["layout"]["yaxis"].get("range", (float("-inf"), 0.0))
    return sum(y < low for line in chart["data"] if "customdata" in line for y in line["y"])


def _points(
    name: str, places: Sequence[int], values: Sequence[Any], role: str, symbol: str, size: int
) -> Chart:
    places = [i for i in places if values[i] is not None]
    return {
        "name": name,
        "x": places,
        "y": [round(values[i], 6) for i in places],
        "customdata": places,
        "mode": "markers",
        "marker": {"symbol": symbol, "size": size},
        "role": role,
    }


def front_chart(front: Sequence[dict[str, Any]]) -> Chart:
    """Return rank over length, a line for each number of states."""
    lines = []
    for number, state in enumerate(sorted({member["state"] for member in front})):
        members = [member for member in front if member["state"] == state]
        members.sort(key=lambda member: member["length"])
        lines.append(
            {
                "name": f"{state} number{'s' * (state != 1)} per parameter",
                "x": [member["length"] for member in members],
                "y": [member["rank"] for member in members],
                "customdata": [member["index"] for member in members],
                "mode": "lines+markers",
                "line": {"shape": "hv"},
                "marker": {"size": 9},
                "role": f"line{number}",
            }
        )
    layout = {"xaxis": {"title": "statements of the canonical form"}, "yaxis": {"title": "rank"}}
    return {"data": lines, "layout": layout}


def shares_chart(parts: Sequence[dict[str, Any]]) -> Chart:
    """Return cache hits and the redundant share over births."""
    ends = [part["end"] for part in parts]
    lines = [
        {"name": name, "x": ends, "y": [part[key] for part in parts], "mode": "lines", "role": role}
        for name, key, role in (
            ("cache hits of children", "hits", "line0"),
            ("redundant statements", "redundant", "line1"),
        )
    ]
    axis = {"title": "share", "range": [0, 1], "tickformat": ".0%"}
    return {"data": lines, "layout": {"xaxis": {"title": "births"}, "yaxis": axis}}


def outcomes_chart(parts: Sequence[dict[str, Any]]) -> Chart:
    """Return the shares of the outcomes over births, one above the other."""
    reasons = sorted({reason for part in parts for reason in part["outcomes"]})
    # Most end well; they are at the bottom.
    reasons.sort(key=lambda reason: -sum(part["outcomes"].get(reason, 0) for part in parts))
    lines = [
        {
            "name": plotly_text(reason),
            "x": [part["end"] for part in parts],
            "y": [
                part["outcomes"].get(reason, 0) / sum(part["outcomes"].values()) for part in parts
            ],
            "type": "bar",
            "role": "outcome-ok" if reason == Status.OK else f"line{number}",
        }
        for number, reason in enumerate(reasons)
    ]
    axis = {"title": "share", "range": [0, 1], "tickformat": ".0%"}
    layout = {"barmode": "stack", "bargap": 0, "xaxis": {"title": "births"}, "yaxis": axis}
    return {"data": lines, "layout": layout}


def runs_chart(runs: Iterable[tuple[str, list[int], list[float | None]]]) -> Chart:
    """Return the best fitness of runs over births.

    Args:
        runs: of each run its name, the births of its new bests, and their fitness.
    """
    lines = [
        {
            "name": plotly_text(name),
            "x": births,
            "y": fitness,
            "mode": "lines",
            "line": {"shape": "hv"},
            "role": f"line{number}",
        }
        for number, (name, births, fitness) in enumerate(runs, start=1)
    ]
    axes = {"xaxis": {"title": "births"}, "yaxis": {"title": "best fitness so far"}}
    return {"data": lines, "layout": axes}


def curves_chart(lines: Sequence[dict[str, Any]]) -> Chart:
    """Return the training losses of one task."""
    data = []
    for number, line in enumerate(lines):
        losses = line["losses"]
        data.append(
            {
                "name": plotly_text(line["name"]),
                "x": [(chunk + 1) / max(1, len(losses)) for chunk in range(len(losses))],
                "y": losses,
                "mode": "lines",
                "line": {"width": 3 if number == 0 else 1.6},
                "role": f"line{number}",
            }
        )
    axis = {"title": "share of training", "tickformat": ".0%"}
    return {"data": data, "layout": {"xaxis": axis, "yaxis": {"title": "training loss"}}}
