"""The command that selects among the programs of runs: parses, calls, prints, writes the report."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from lionhunt.search.cli.terminal import Json, Settings, Workers, follow, make_console
from lionhunt.search.config import read_config
from lionhunt.search.reporting.text import print_json
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.selection.loop import Selection, open_pools
from lionhunt.search.selection.report import (
    print_selection,
    selection_progress_display,
    selection_progress_line,
    write_selection_report,
)
from lionhunt.search.selection.result import SelectionResult
from lionhunt.search.selection.setup import open_selection, summarize_selection_setup
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.selection.summary import summarize_selection


def select(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    config: Annotated[Path, typer.Option(help="A TOML file; see configs/select_*.toml.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the selection; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Select the programs of runs that beat tuned baselines on larger tasks.

    The same command goes on with a selection that was stopped or killed.
    """
    select_config = read_config(config, SelectConfig, settings or ())
    folder = out or Path("runs") / config.stem
    console = make_console(stderr=as_json)
    with console.status("reading the runs"):
        info = summarize_selection_setup(select_config, runs)
    num_workers = select_config.evaluation.workers if workers is None else workers
    place = f"{num_workers} workers" if num_workers else "in this process"
    with open_selection(folder, info) as records:
        console.print(f"selection {folder}: {len(info['candidates'])} candidates, {place}")
        result = _run(records, select_config, num_workers, console)
        described = summarize_selection(records, result)
    write_selection_report(folder, described)
    if as_json:
        print_json(described)
    else:
        print_selection(console, described, folder)


def _run(
    records: SelectionStore, config: SelectConfig, num_workers: int, console: Console
) -> SelectionResult:
    selection = Selection(records, open_pools(config, num_workers, records.cache))
    try:
        return follow(console, selection.run(), selection_progress_display, selection_progress_line)
    except KeyboardInterrupt:
        folder = shlex.quote(str(records.path.parent))
        console.print(f"stopped; the same command goes on with {folder}")
        raise
