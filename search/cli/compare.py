"""The command that compares optimizers: parses, calls, prints, writes the report."""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from lionhunt.search.cli.terminal import Json, Settings, Workers, command_line, follow, make_console
from lionhunt.search.comparison.config import CompareConfig, TrainingsConfig
from lionhunt.search.comparison.report import (
    print_comparison,
    progress_line,
    write_comparison_report,
)
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import Prepared, open_records
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.comparison.summary import summarize_comparison
from lionhunt.search.config import read_config
from lionhunt.search.reporting.text import print_json

REPORT = "report"


def compare(
    config: Annotated[Path, typer.Argument(help="A TOML file; see configs/compare*.toml.")],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the comparison; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Compare optimizers, each tuned on the same budget, on fresh seeds.

    The same command goes on with a comparison that was stopped or killed.
    """
    compare_config = read_config(config, CompareConfig, settings or ())
    folder = out or Path("runs") / config.stem
    console = make_console(stderr=as_json)
    num_workers = compare_config.evaluation.workers if workers is None else workers
    with console.status("finding optimizers and tasks"):
        prepared = Prepared(config.stem, compare_config)
    with open_records(folder, [prepared]) as records:
        place = f"{num_workers} workers" if num_workers else "in this process"
        sizes = f"{len(prepared.optimizers)} optimizers on {len(prepared.tasks)} tasks"
        console.print(Text(f"comparison {folder}: {sizes}, {place}"), soft_wrap=True)
        comparison = run_contest(records, prepared, compare_config.evaluation, num_workers, console)
    described = summarize_comparison(comparison)
    write_comparison_report(
        folder, comparison, described, command_line("compare", config, settings=settings)
    )
    if as_json:
        print_json(described)
    else:
        print_comparison(console, described)
        console.print(Text(f"\nreport: {folder / REPORT}.md"), soft_wrap=True)


def run_contest(
    records: ComparisonStore,
    prepared: Prepared,
    evaluation: TrainingsConfig,
    num_workers: int,
    console: Console,
) -> Comparison:
    """Runs a comparison to its end, and shows how far it is."""
    events = prepared.contest(records, evaluation, num_workers).run()
    try:
        return follow(console, events, lambda event: Text(progress_line(event)), progress_line)
    except KeyboardInterrupt:
        folder = shlex.quote(str(records.path.parent))
        console.print(f"stopped; the same command goes on with {folder}")
        raise
