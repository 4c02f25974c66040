"""The page of a simplification in the background."""

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from lionhunt.search.server import render
from lionhunt.search.server.names import NoPageError, in_run, to_address, to_run
from lionhunt.search.server.pages.program_facts import refuse_own_code
from lionhunt.search.server.render import LiveParts
from lionhunt.search.server.simplifications import SimplificationJob


def start(request: Request) -> Response:
    """Start a simplification, and lead to its page."""
    served, words = request.app.state.served, request.path_params
    folder = to_run(served.root, words["name"])
    refuse_own_code(in_run(served.root, words["name"], words["index"]))
    exact_only = "measured" not in request.query_params
    job = served.jobs.start(words["name"], folder, words["index"], exact_only)
    return RedirectResponse(to_address("job", job.number), 303)


def show(request: Request) -> Response:
    """Return the page of a simplification."""
    job = _find(request)
    return render.page("live_job.html", job=job, live=_parts(job))


def live(request: Request) -> Response:
    """Return what has changed in the page of a simplification."""
    return render.live(request, _parts(_find(request)))


def _find(request: Request) -> SimplificationJob:
    number = request.path_params["number"]
    if (job := request.app.state.served.jobs.get(number)) is None:
        raise NoPageError(f"no simplification {number}; the server was started anew, or it is old")
    return job


def _parts(job: SimplificationJob) -> LiveParts:
    return LiveParts(job.version, {"job": render.part("job", job)}, job.is_last)
