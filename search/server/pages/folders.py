"""The list of runs and experiments."""

import datetime
import hashlib
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from lionhunt.search.server import render
from lionhunt.search.server.render import LiveParts


def show(request: Request) -> Response:
    """Return the page of the list."""
    served = request.app.state.served
    parts = _parts(served.folders.look())
    return render.page("live_folders.html", live=parts, root=str(served.root))


def live(request: Request) -> Response:
    """Return the list if it has changed."""
    return render.live(request, _parts(request.app.state.served.folders.look()))


def _parts(entries: list[dict[str, Any]] | None) -> LiveParts:
    shown = None if entries is None else [entry | _texts(entry) for entry in entries]
    html = render.part("folders", shown)
    version = hashlib.sha256(html.encode(errors="surrogateescape")).hexdigest()[:16]
    return LiveParts(version, {"folders": html}, is_last=False)


def _texts(entry: dict[str, Any]) -> dict[str, str]:
    change = datetime.datetime.fromtimestamp(entry["change"])
    return {
        "changed": change.strftime("%Y-%m-%d %H:%M"),
        "page": "run" if entry["kind"] == "run" else "experiment",
    }
