"""Options that commands share, the console, and the display of work that takes long."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, TypeVar

import typer
from rich.console import Console, ConsoleOptions, RenderableType
from rich.live import Live
from rich.segment import Segment
from rich.spinner import Spinner
from rich.text import Text

from lionhunt.search.activity import OnActivity
from lionhunt.search.api.programs import OptimizerProgram, program
from lionhunt.search.errors import SourceError
from lionhunt.search.reporting.activity_bar import ActivityBar
from lionhunt.search.reporting.text import print_json
from lionhunt.search.visible_text import unwrapped, visible

LIVE_SECONDS = 0.25
"""Time between updates of a live display; to build one takes longer than a step of a search."""
LINE_SECONDS = 5.0
"""Seconds between lines of progress where there is no terminal."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, help="Worker processes; 0 scores in this one. The result is the same."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only estimate how long it will take.")]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where workers run: 'local', or a Ray cluster as host:port or 'auto'.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the config; repeatable."),
]

Event = TypeVar("Event")


def make_console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal, or 120 columns where there is none."""
    file = unwrapped(sys.stderr if stderr else sys.stdout)
    width = None if file.isatty() else 120
    return VisibleConsole(file=file, width=width, markup=False, emoji=False, highlight=False)


class VisibleConsole(Console):
    """A console that sends its own control sequences, and none that come with a text."""

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterator[Segment]:
        for segment in super().render(renderable, options):
            if segment.control or segment.text.isprintable():
                yield segment
            else:
                yield segment._replace(text=visible(segment.text))


def print_line(console: Console, text: str) -> None:
    """Print a line as it is: paths stay in one piece, and nothing in it is markup."""
    console.print(Text(visible(text)), soft_wrap=True)


@contextmanager
def progress_display(
    console: Console,
    to_display: Callable[[Event], RenderableType],
    to_line: Callable[[Event], str],
    starting: str = "starting",
) -> Iterator[Callable[[Event], None]]:
    """Yield a function that shows an event: live on a terminal, else a line now and then.

    Args:
        console: where to show it.
        to_display: makes the live display of an event.
        to_line: makes the line of an event.
        starting: text beside a spinner until the first event.
    """
    if console.is_terminal and not console.is_dumb_terminal:
        with Live(Spinner("line", starting), console=console, refresh_per_second=4) as live:
            latest, last = None, -math.inf

            def show(event: Event) -> None:
                nonlocal latest, last
                latest = event
                if (now := time.monotonic()) - last >= LIVE_SECONDS:
                    live.update(to_display(event))
                    last = now

            yield show
            if latest is not None:
                live.update(to_display(latest))
        return
    print_now_and_then = _line_printer(console)
    yield lambda event: print_now_and_then(lambda: to_line(event))


def activity_display(
    console: Console, starting: str = "starting"
) -> AbstractContextManager[OnActivity]:
    """Return a display of activities: a bar with count and time left, or a line now and then."""
    bar = ActivityBar()
    return progress_display(console, bar.to_display, bar.to_line, starting)


def _line_printer(console: Console) -> Callable[[Callable[[], str]], None]:
    """Return a function that prints a line if the last one is `LINE_SECONDS` ago."""
    last = time.monotonic()

    def print_now_and_then(make_line: Callable[[], str]) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= LINE_SECONDS:
            print_line(console, make_line())
            last = now

    return print_now_and_then


def program_or_excerpt(ref: str, as_json: bool = False) -> OptimizerProgram:
    """Return the program of a reference; print the offending line of one that has an error."""
    try:
        return program(ref)
    except SourceError as error:
        if as_json and error.excerpt:
            print_json({"name": ref, "valid": False, "reason": str(error)})
        elif error.excerpt:
            print(error.excerpt)
        raise
