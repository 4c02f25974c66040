"""The command `lionhunt compare`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from lionhunt.search.api import experiments
from lionhunt.search.cli.interrupt import set_way_on_with
from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    make_console,
    print_line,
    progress_display,
)
from lionhunt.search.comparison.report import print_comparison, progress_line
from lionhunt.search.reporting.text import print_json


def compare(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A TOML file, or the name of a bundled config.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the comparison; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Compare tuned optimizers on fresh seeds.

    Each optimizer is tuned on the same budget. The same command continues a comparison that was
    stopped or killed.

    \b
    Examples:
      lionhunt compare compare_quick
      lionhunt compare my_optimizers.toml --out runs/mine --set num_final_seeds=20
    """
    console = make_console(stderr=as_json)

    def on_start(folder: Path, line: str) -> None:
        set_way_on_with(folder)
        print_line(console, f"comparison {folder}: {line}")

    with progress_display(
        console,
        lambda event: Text(progress_line(event)),
        progress_line,
        "finding optimizers and tasks",
    ) as show:
        report = experiments.compare(config, out, workers, settings, show, on_start)
    if as_json:
        print_json(report.summary)
    else:
        print_comparison(console, report.summary)
        print_line(console, f"\nreport: {report.folder / 'report.md'}")
