"""Answers of the server: pages of templates, parts of pages that change, and JSON."""

import functools
from collections.abc import Mapping
from typing import Any, NamedTuple

import jinja2
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from lionhunt.search.report_page.page import make_environment, script_json
from lionhunt.search.server.assets import address_of
from lionhunt.search.server.names import to_address


class LiveParts(NamedTuple):
    """The parts of a page that change.

    Attributes:
        version: a text that changes with it.
        parts: HTML by the id of its element.
        is_last: nothing will change any more.
        charts: pictures for Plotly by the id of their element.
    """

    version: str
    parts: Mapping[str, Markup]
    is_last: bool
    charts: Mapping[str, Any] = {}

    def to_json(self) -> Markup:
        """Return the parts as the script of the page takes them."""
        return script_json(self._asdict())


def page(template: str, *, status: int = 200, **values: Any) -> Response:
    """Return the page of a template.

    Args:
        template: its file name.
        status: of the answer.
        values: for the template; only `Markup` is HTML.
    """
    given = {"data": None, "parts": _macros(), **values}
    text = environment().get_template(template).render(given)
    return HTMLResponse(text, status, {"Cache-Control": "no-store"})


def part(name: str, *values: Any) -> Markup:
    """Return the HTML of a macro of `parts.html`."""
    return getattr(_macros(), name)(*values)


def live(request: Request, parts: LiveParts) -> Response:
    """Return what has changed since the version that a page has; nothing if it has the last."""
    if request.query_params.get("after") == parts.version:
        return Response(status_code=204)
    return json(parts.to_json())


def fragment(name: str, *values: Any, status: int = 200) -> Response:
    """Return the HTML of a macro of `parts.html` as an answer."""
    return HTMLResponse(part(name, *values), status, {"Cache-Control": "no-store"})


def json(text: Markup) -> Response:
    """Return JSON."""
    return Response(text, media_type="application/json", headers={"Cache-Control": "no-store"})


def _macros() -> Any:
    return environment().get_template("parts.html").module


@functools.cache
def environment() -> jinja2.Environment:
    """Return the templates of the server, and those of reports, which they share."""
    made = make_environment("lionhunt.search.server")
    made.globals["address"] = to_address
    made.globals["asset"] = address_of
    return made
