"""What commands share: their options, the console, and how a person follows what takes long."""

import functools
import shlex
import sys
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Annotated, TypeVar

import typer
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from lionhunt.search.errors import SourceError
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.program_ref import Source, find_program

LIVE_SECONDS = 0.25
"""Time between updates of a live display."""
LINE_SECONDS = 5.0
"""Time between lines where there is no terminal."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Workers = Annotated[
    int | None,
    typer.Option(min=0, help="Ray workers; 0 scores in this process. The result is the same."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say how long it will take.")]
RayAddress = Annotated[
    str | None,
    typer.Option(
        metavar="ADDRESS",
        help="Where Ray workers are: 'local', or a cluster as host:port or 'auto'.",
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace a value of the config."),
]

Event = TypeVar("Event")
Result = TypeVar("Result")


def command_line(*words: object, settings: Sequence[str] | None = None) -> str:
    """The command that makes the same again, as it is typed."""
    replaced = [word for setting in settings or () for word in ("--set", setting)]
    return shlex.join(["lionhunt", *map(str, words), *replaced])


def make_console(*, stderr: bool = False) -> Console:
    """A stream: as wide as the terminal, or wide enough for what is piped elsewhere."""
    plain = functools.partial(Console, markup=False, emoji=False, highlight=False, stderr=stderr)
    return plain() if (sys.stderr if stderr else sys.stdout).isatty() else plain(width=120)


def follow(
    console: Console,
    events: Generator[Event, None, Result],
    to_display: Callable[[Event], RenderableType],
    to_line: Callable[[Event], str],
) -> Result:
    """Run to the end and show the progress.

    Args:
        console: live display on a terminal, else a line every `LINE_SECONDS`.
        events: events of what runs.
        to_display: builds the live display of an event.
        to_line: builds the line of an event.

    Returns:
        The return value of the generator.
    """
    seconds = LIVE_SECONDS if console.is_terminal else LINE_SECONDS
    last, event = time.monotonic(), None
    with Live(console=console) if console.is_terminal else nullcontext() as live:
        while True:
            try:
                event = next(events)
            except StopIteration as stop:
                if live is not None and event is not None:
                    live.update(to_display(event))
                return stop.value
            if (now := time.monotonic()) - last < seconds:
                continue
            last = now
            if live is not None:
                live.update(to_display(event))
            else:
                console.print(Text(to_line(event)), soft_wrap=True)


def find_or_print(word: str, as_json: bool = False) -> Source:
    """The program that a word names; what is wrong with its text is shown, and raised."""
    try:
        return find_program(word)
    except SourceError as error:
        if as_json and error.excerpt:
            print_json({"name": word, "valid": False, "reason": str(error)})
        elif error.excerpt:
            print(error.excerpt)
        raise


@contextmanager
def status_line(console: Console) -> Iterator[Callable[[str], None]]:
    """A way to say what is going on: in one line of a terminal, elsewhere now and then."""
    if console.is_terminal:
        with console.status("") as status:
            yield lambda text: status.update(Text(text))
        return
    last = time.monotonic()

    def say(text: str) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= LINE_SECONDS:
            console.print(Text(text), soft_wrap=True)
            last = now

    yield say
