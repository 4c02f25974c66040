"""TODO docstring."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lionhunt.search.cli.terminal import Json, find_or_print, make_console
from lionhunt.search.driver import report
from lionhunt.search.driver.families import print_classes, summarize_class, summarize_families
from lionhunt.search.driver.summary import summarize_library, summarize_program, summarize_run
from lionhunt.search.errors import SourceError
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.program_ref import is_run
from lionhunt.search.storage.run_store import RunStore


def show(
    what: Annotated[
        str | None,
        typer.Argument(metavar="PROGRAM|RUN", help="File, library name, RUN:INDEX or RUN."),
    ] = None,
    as_json: Json = False,
    as_list: Annotated[
        bool, typer.Option("--list", help="List the programs of the library.")
    ] = False,
) -> None:
    """Examine a program or a run, or list the library."""
    console = make_console()
    if as_list == (what is not None):
        raise SourceError("give a PROGRAM, a RUN, or --list for the programs of the library")
    if what is None:
        programs = summarize_library()
        print_json(programs) if as_json else report.print_library(console, programs)
    elif is_run(what):
        with RunStore.open_to_read(Path(what)) as records:
            summary = summarize_run(records)
        print_json(summary) if as_json else report.print_run(console, summary)
    else:
        described = summarize_program(find_or_print(what, as_json))
        print_json(described) if as_json else report.print_program(console, described)


def classify(
    words: Annotated[
        list[str],
        typer.Argument(metavar="PROGRAM|RUN...", help="Files, library names, RUN:INDEX or RUN."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many of the best programs of a RUN.")] = 50,
    as_json: Json = False,
) -> None:
    """Name the known optimizer that a program is nearest to, and the difference.

    Programs are compared up to constants. Of a run, the best programs are counted by family.
    """
    found = [_classify(word, top, as_json) for word in words]
    print_json(found) if as_json else print_classes(make_console(), found)


def _classify(word: str, top: int, as_json: bool) -> dict[str, Any]:
    if not is_run(word):
        return summarize_class(find_or_print(word, as_json))
    with RunStore.open_to_read(Path(word)) as records:
        return summarize_families(records, top)
