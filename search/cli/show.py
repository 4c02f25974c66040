"""The commands `lionhunt show` and `lionhunt classify`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from lionhunt.search.activity import OnActivity
from lionhunt.search.cli.terminal import (
    Json,
    activity_display,
    make_console,
    program_or_excerpt,
)
from lionhunt.search.driver import report
from lionhunt.search.driver.summary import summarize_library
from lionhunt.search.errors import SourceError
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.program_ref import is_run


def show(
    ref: Annotated[
        str | None,
        typer.Argument(metavar="PROGRAM|RUN", help="File, library name, RUN:INDEX or RUN."),
    ] = None,
    as_json: Json = False,
    as_list: Annotated[
        bool, typer.Option("--list", help="List the programs of the library.")
    ] = False,
    recheck: Annotated[
        bool,
        typer.Option("--recheck", help="Check a RUN of which the same bytes were checked before."),
    ] = False,
) -> None:
    """Show a program or a run, or list the library.

    RUN:best is the fittest program, RUN:best@7 the best that needs 7 statements.
    A large RUN is checked for damage once, and again after any change of its bytes.

    \b
    Examples:
      lionhunt show --list
      lionhunt show lion
      lionhunt show runs/quickstart
      lionhunt show runs/quickstart:best
    """
    console = make_console()
    if as_list == (ref is not None):
        raise SourceError("give a PROGRAM, a RUN, or --list for the programs of the library")
    if ref is None:
        programs = summarize_library()
        print_json(programs) if as_json else report.print_library(console, programs)
    elif is_run(ref):
        from lionhunt.search.api.runs import load

        summary = load(ref).summary(recheck)
        print_json(summary) if as_json else report.print_run(console, summary)
    else:
        summary = program_or_excerpt(ref, as_json).summary()
        print_json(summary) if as_json else report.print_program(console, summary)


def classify(
    refs: Annotated[
        list[str],
        typer.Argument(metavar="PROGRAM|RUN...", help="Files, library names, RUN:INDEX or RUN."),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many of the best programs of a RUN.")] = 50,
    behavior: Annotated[
        bool | None,
        typer.Option(
            "--behavior/--no-behavior",
            help="Also compare by updates on recorded gradients; for a RUN only if asked.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Name the known optimizer that a program is nearest to.

    Programs are compared up to constants. For a run, the best programs are counted by family.
    A second opinion runs a program beside every known optimizer on recorded gradients.

    \b
    Examples:
      lionhunt classify raw_lion
      lionhunt classify runs/quickstart --top 20
      lionhunt classify runs/quickstart --behavior
    """
    from lionhunt.search.driver.families import print_classes

    with activity_display(make_console(stderr=True)) as on_status:
        summaries = [_classify(ref, top, behavior, as_json, on_status) for ref in refs]
    print_json(summaries) if as_json else print_classes(make_console(), summaries)


def _classify(
    ref: str, top: int, behavior: bool | None, as_json: bool, on_status: OnActivity
) -> dict[str, Any]:
    from lionhunt.search.driver.families import summarize_class, summarize_families
    from lionhunt.search.storage.run_store import RunStore

    if not is_run(ref):
        source = program_or_excerpt(ref, as_json).source
        return summarize_class(source, behavior is not False, on_status)
    with RunStore.open_to_read(Path(ref)) as store:
        return summarize_families(store, top, bool(behavior), on_status)
