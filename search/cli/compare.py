"""The command `lionhunt compare`."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.api import experiments
from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    activity_display,
    make_console,
    print_line,
)
from lionhunt.search.comparison.loop import ComparisonProgress
from lionhunt.search.comparison.report import print_comparison, to_activity
from lionhunt.search.interrupt import set_way_on_with
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

    with activity_display(console, "finding optimizers and tasks") as show:

        def on_progress(event: ComparisonProgress) -> None:
            show(to_activity(event))

        report = experiments.compare(config, out, workers, settings, on_progress, on_start)
    if as_json:
        print_json(report.summary)
    else:
        print_comparison(console, report.summary)
        print_line(console, f"\nreport: {report.folder / 'report.md'}")
