"""Two runs side by side: counts, progress, settings that differ, and their best programs."""

from collections.abc import Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lionhunt.dsl.analysis.alignment import align
from lionhunt.errors import LionhuntError
from lionhunt.search.config import flat_values
from lionhunt.search.report_page import charts
from lionhunt.search.report_page.page import script_json
from lionhunt.search.server import render
from lionhunt.search.server.following.run_follower import RunFollower
from lionhunt.search.server.following.snapshot import Snapshot
from lionhunt.search.server.names import in_run, to_run

MAX_LOOKS = 30
"""Looks at a run that is new, a tenth of a second each."""


def show(request: Request) -> Response:
    """Return the page of two runs; a form, as long as it does not have both."""
    served = request.app.state.served
    given = request.query_params
    runs = [e["name"] for e in served.folders.look() or () if e["kind"] == "run"]
    sides: list[tuple[str, Snapshot]] = []
    problem = ""
    if "left" in given and "right" in given:
        try:
            for name in (given["left"], given["right"]):
                snapshot = _look(served.followers.of(to_run(served.root, name)))
                if snapshot is not None:
                    sides.append((name, snapshot))
        except LionhuntError as error:
            problem = str(error)
        if not problem and len(sides) < 2:
            problem = "these runs are being read; load the page again"
    values: dict[str, Any] = {"data": None, "counts": [], "settings": [], "alignment": None}
    if not problem and len(sides) == 2:
        values = _compare(request, sides)
    return render.page(
        "live_compare.html",
        runs=runs,
        left=given.get("left"),
        right=given.get("right"),
        problem=problem,
        **values,
    )


def _look(follower: RunFollower) -> Snapshot | None:
    """Return the snapshot of a run; wait a while for one that nobody has looked at before."""
    looks = (follower.look() for _ in range(MAX_LOOKS))
    return next((snapshot for snapshot in looks if snapshot is not None), None)


def _compare(request: Request, sides: list[tuple[str, Snapshot]]) -> dict[str, Any]:
    snapshots = [snapshot for _, snapshot in sides]
    best = [snapshot.best for snapshot in snapshots]
    alignment = None
    if best[0] is not None and best[1] is not None:
        root = request.app.state.served.root
        names = [name for name, _ in sides]
        found = [in_run(root, name, b["index"]) for name, b in zip(names, best, strict=True) if b]
        alignment = align(*(each.program for each in found))
    settings = [dict(flat_values(snapshot.config)) for snapshot in snapshots]
    keys = sorted(settings[0].keys() | settings[1].keys())
    return {
        "data": script_json({"charts": {"runs": charts.runs_chart(_lines(sides))}}),
        "counts": _counts(snapshots),
        "settings": [
            (key, *(repr(of_one.get(key)) for of_one in settings))
            for key in keys
            if settings[0].get(key) != settings[1].get(key)
        ],
        "alignment": alignment,
    }


def _lines(
    sides: list[tuple[str, Snapshot]],
) -> Iterator[tuple[str, list[int], list[float | None]]]:
    for (name, snapshot), note in zip(sides, ("left", "right"), strict=True):
        births, fitness = snapshot.line
        yield f"{note}: {name}", [*births, snapshot.count - 1], [*fitness, *fitness[-1:]]


def _counts(snapshots: list[Snapshot]) -> list[tuple[Any, ...]]:
    """Return rows of a name and of its value on both sides."""

    def share(snapshot: Snapshot) -> str:
        children = sum(row["children"] for row in snapshot.mutations)
        new = sum(row["new"] for row in snapshot.mutations)
        return f"{1 - new / children:.1%}" if children else ""

    def fitness(snapshot: Snapshot) -> str:
        best = snapshot.best
        return "" if best is None or best["fitness"] is None else f"{best['fitness']:.4f}"

    rows = {
        "state": lambda s: s.state.value,
        "programs": lambda s: f"{s.count:,} of {s.total:,}",
        "best fitness": fitness,
        "best program": lambda s: "" if s.best is None else str(s.best["index"]),
        "statements that the best needs": lambda s: "" if s.best is None else s.best["needed"],
        "known children": share,
        "ended well": lambda s: f"{s.outcomes.get('ok', 0):,}",
        "tasks": lambda s: ", ".join(task["name"] for task in s.tasks),
    }
    return [(name, *map(value, snapshots)) for name, value in rows.items()]
