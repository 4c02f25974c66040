"""Options that commands share, the console, and the display of work that takes long."""

import functools
import math
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from lionhunt.search.activity import OnActivity
from lionhunt.search.api.programs import OptimizerProgram, program
from lionhunt.search.errors import SourceError
from lionhunt.search.reporting.activity_bar import ActivityBar
from lionhunt.search.reporting.text import print_json

LIVE_SECONDS = 0.25
"""Time between updates of a live display; to build one takes longer than a step of a search."""
LINE_SECONDS = 5.0
"""Seconds between lines of progress where there is no terminal."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, help="Ray workers; 0 scores in this process. The result is the same."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only estimate how long it will take.")]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where Ray workers run: 'local', or a cluster as host:port or 'auto'.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the config; repeatable."),
]

Event = TypeVar("Event")


def command_line(*words: object, settings: Sequence[str] | None = None) -> str:
    """Return the command that repeats this one, quoted for a shell."""
    replaced = [word for setting in settings or () for word in ("--set", setting)]
    return shlex.join(["lionhunt", *map(str, words), *replaced])


def make_console(*, stderr: bool = False) -> Console:
    """Return a console as wide as the terminal, or 120 columns where there is none."""
    plain = functools.partial(Console, markup=False, emoji=False, highlight=False, stderr=stderr)
    return plain() if (sys.stderr if stderr else sys.stdout).isatty() else plain(width=120)


def print_line(console: Console, text: str) -> None:
    """Print a line as it is: paths stay in one piece, and nothing in it is markup."""
    console.print(Text(text), soft_wrap=True)


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
