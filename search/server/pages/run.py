"""The page of a run, which follows it."""

from pathlib import Path
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from lionhunt.dsl.analysis import liveness
from lionhunt.search.report_page.page import script_json
from lionhunt.search.server import render
from lionhunt.search.server.following.snapshot import Snapshot
from lionhunt.search.server.names import to_address, to_run
from lionhunt.search.server.pages.program_facts import score_rows
from lionhunt.search.server.pages.search import choices
from lionhunt.search.server.render import LiveParts
from lionhunt.search.storage.run_store import RunStore


def show(request: Request) -> Response:
    """Return the page of a run."""
    served, name = request.app.state.served, request.path_params["name"]
    folder = to_run(served.root, name)
    snapshot = served.followers.of(folder).look()
    entries = served.folders.look()
    runs = [entry["name"] for entry in entries or () if entry["kind"] == "run"]
    # Until the list is read, nobody knows of other runs.
    others = None if entries is None else [run for run in runs if run != name]
    parts = _parts(name, folder, snapshot)
    source = {"text": "/text", "page": "/program", "name": to_address(name)[1:]}
    return render.page(
        "live_run.html",
        name=name,
        title=folder.resolve().name,
        live=parts,
        data=script_json({"charts": parts.charts, "source": source}),
        choices=choices(snapshot),
        others=others,
    )


def live(request: Request) -> Response:
    """Return what has changed in the page of a run."""
    served, name = request.app.state.served, request.path_params["name"]
    folder = to_run(served.root, name)
    snapshot = served.followers.of(folder).look()
    if snapshot is not None and request.query_params.get("after") == snapshot.version:
        return Response(status_code=204)
    return render.live(request, _parts(name, folder, snapshot))


def _parts(name: str, folder: Path, snapshot: Snapshot | None) -> LiveParts:
    if snapshot is None:
        empty = {"status": render.part("reading"), "best": Markup(), "tables": Markup()}
        return LiveParts("", empty, is_last=False)
    best = snapshot.best and snapshot.best | _summarize_best(folder, snapshot.best["index"])
    parts = {
        "status": render.part("status", snapshot),
        "best": render.part("best", name, best),
        "tables": render.part("tables", name, snapshot),
    }
    return LiveParts(snapshot.version, parts, snapshot.is_last, snapshot.charts)


def _summarize_best(folder: Path, index: int) -> dict[str, Any]:
    """Return the code and the scores of the best program."""
    with RunStore.open_to_read(folder) as records:
        row = records.row(index)
        return {
            "text": str(liveness.simplify(row.program)),
            "scores": score_rows(records, row),
        }
