"""The application: one function for each address, and what all of them share."""

import contextlib
import dataclasses
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from lionhunt.errors import LionhuntError
from lionhunt.search.server import assets
from lionhunt.search.server.following.folder_list import FolderList
from lionhunt.search.server.following.followers import Followers
from lionhunt.search.server.names import NoPageError
from lionhunt.search.server.pages import (
    comparison,
    difference,
    experiment,
    folders,
    job,
    program,
    run,
    search,
)
from lionhunt.search.server.render import fragment, page
from lionhunt.search.server.simplifications import Simplifications

FRAGMENTS = ("/class/", "/export/")
"""Addresses whose answers are parts of pages."""
SWITCH_SECONDS = 0.0005
"""Longest time that a thread which reads a long run keeps others from answering."""


@dataclasses.dataclass(frozen=True)
class Served:
    """All that the pages share.

    Attributes:
        root: the folder that is served.
        folders: the list of its runs.
        followers: of the runs that somebody looks at.
        jobs: simplifications in the background.
    """

    root: Path
    folders: FolderList
    followers: Followers
    jobs: Simplifications


ROUTES = (
    Route("/", folders.show),
    Route("/live/folders", folders.live),
    Route("/run/{name:path}", run.show),
    Route("/live/run/{name:path}", run.live),
    Route("/find/{name:path}", search.show),
    Route("/experiment/{name:path}", experiment.show),
    Route("/program/{index:int}/{name:path}", program.show),
    Route("/text/{index:int}/{name:path}", program.text),
    Route("/class/{index:int}/{name:path}", program.classification),
    Route("/export/{target}/{index:int}/{name:path}", program.export),
    Route("/simplify/{index:int}/{name:path}", job.start, methods=["POST"]),
    Route("/job/{number:int}", job.show),
    Route("/live/job/{number:int}", job.live),
    Route("/diff", difference.show),
    Route("/compare", comparison.show),
    Route("/static/{name}", assets.show),
)


def make_app(root: Path) -> Starlette:
    """Return the application that serves a folder."""

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH_SECONDS)
        with Followers() as followers, Simplifications() as jobs:
            app.state.served = Served(root, FolderList(root), followers, jobs)
            yield
        sys.setswitchinterval(before)

    handlers = {LionhuntError: _show_error, 404: _show_missing}
    return Starlette(routes=ROUTES, exception_handlers=handlers, lifespan=lifespan)


def _show_error(request: Request, error: Exception) -> Response:
    """Return a page with the one line of an error."""
    status = 404 if isinstance(error, NoPageError) else 422
    if request.url.path.startswith(FRAGMENTS):
        return fragment("problem", str(error), status=status)
    return page("live_error.html", status=status, message=str(error))


def _show_missing(request: Request, error: Exception) -> Response:
    return page("live_error.html", status=404, message="there is no such page")
