"""The command that compares optimizers: parses, calls, prints, writes the report."""

import json
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from lionhunt.search.cli.terminal import Json, Settings, Workers, command_line, follow, make_console
from lionhunt.search.comparison.config import CompareConfig, TrainingsConfig
from lionhunt.search.comparison.loop import ComparisonProgress
from lionhunt.search.comparison.report import print_comparison, to_report
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import Prepared, open_records
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.comparison.summary import summarize_comparison
from lionhunt.search.config import read_config
from lionhunt.search.errors import RecordError
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
    write_report(folder, comparison, described, command_line("compare", config, settings=settings))
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


def progress_line(event: ComparisonProgress) -> str:
    """One line on how far a comparison is."""
    share = event.num_trainings / max(event.total, 1)
    return (
        f"{event.name}: {event.num_trainings:,} of {event.total:,} trainings ({share:.0%}), "
        f"{event.num_done} of {event.num_cells} pairs of optimizer and task done"
    )


def write_report(
    folder: Path, comparison: Comparison, described: dict[str, Any], command: str
) -> None:
    """Writes the report beside the records, of which it is a view."""
    from lionhunt.search.comparison.figures import (
        comparison_figures,  # takes half a second to import
    )
    from lionhunt.search.reporting.figures import write_figure

    try:
        figures = comparison_figures(comparison)
        for name, figure in figures.items():
            write_figure(figure, folder / name)
        pictures = [f"{name}.png" for name in figures]
        (folder / f"{REPORT}.json").write_text(json.dumps(described), "utf-8")
        (folder / f"{REPORT}.md").write_text(to_report(described, command, pictures), "utf-8")
    except OSError as error:
        raise RecordError(f"cannot write in {folder}: {error.strerror}; make room") from None
