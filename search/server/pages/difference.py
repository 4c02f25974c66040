"""Two programs side by side, aligned by what their statements compute."""

from starlette.requests import Request
from starlette.responses import Response

from lionhunt.dsl import library
from lionhunt.dsl.analysis.alignment import align
from lionhunt.errors import LionhuntError
from lionhunt.search.server import render
from lionhunt.search.server.names import find


def show(request: Request) -> Response:
    """Return the page of two programs; a form, as long as it does not have both."""
    root = request.app.state.served.root
    words = [request.query_params.get(side, "").strip() for side in ("left", "right")]
    alignment, problem = None, ""
    if all(words):
        try:
            alignment = align(*(find(root, word).program for word in words))
        except LionhuntError as error:
            problem = str(error)
    return render.page(
        "live_diff.html",
        left=words[0],
        right=words[1],
        alignment=alignment,
        problem=problem,
        library=library.names(),
    )
