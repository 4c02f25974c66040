"""Scripts and styles that pages load from here."""

import functools
import hashlib
from importlib import resources

from starlette.requests import Request
from starlette.responses import Response

from lionhunt.search.report_page.page import plotly_script
from lionhunt.search.server.names import NoPageError

_PACKAGES = {
    "page.css": "lionhunt.search.report_page",
    "page.js": "lionhunt.search.report_page",
    "charts.js": "lionhunt.search.report_page",
    "live.css": "lionhunt.search.server",
    "live.js": "lionhunt.search.server",
}
_PLOTLY = "plotly.js"


def show(request: Request) -> Response:
    """Return a script or a style; its address changes with it, so a browser may keep it."""
    name = request.path_params["name"]
    if name not in _PACKAGES and name != _PLOTLY:
        raise NoPageError(f"no script {name!r}")
    kind = "text/css" if name.endswith(".css") else "text/javascript"
    keep = {"Cache-Control": "max-age=31536000, immutable"}
    return Response(_content(name), media_type=f"{kind}; charset=utf-8", headers=keep)


@functools.cache
def address_of(name: str) -> str:
    """Return the address of a script or a style."""
    digest = hashlib.sha256(_content(name).encode()).hexdigest()[:16]
    return f"/static/{name}?{digest}"


@functools.cache
def _content(name: str) -> str:
    if name == _PLOTLY:
        return plotly_script()
    return (resources.files(_PACKAGES[name]) / "templates" / name).read_text("utf-8")
