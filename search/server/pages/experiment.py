"""The page of an experiment: its report."""

from starlette.requests import Request
from starlette.responses import Response

from lionhunt.search.report_page.folder import report_html
from lionhunt.search.server import render
from lionhunt.search.server.names import to_path


def show(request: Request) -> Response:
    """Return the report of an experiment as a page."""
    name = request.path_params["name"]
    folder = to_path(request.app.state.served.root, name)
    body = report_html(folder)
    return render.page("live_experiment.html", name=name, title=folder.resolve().name, body=body)
