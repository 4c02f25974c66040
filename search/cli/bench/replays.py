"""Commands that measure what an option would have changed in a run."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.bench import report
from lionhunt.search.bench.early_stopping import bench_hurdles
from lionhunt.search.bench.functional_equivalence import bench_functional
from lionhunt.search.cli.terminal import Json, make_console
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.run_store import RunStore


def bench_functional_fingerprint(
    run: Annotated[Path, typer.Argument(help="A run's folder.")], as_json: Json = False
) -> None:
    """Count how often the functional fingerprint would have been wrong in a run.

    \b
    Examples:
      lionhunt bench functional runs/quickstart
    """
    with RunStore.open_to_read(run) as records:
        figures = bench_functional(records)
    print_json(figures) if as_json else report.print_bench_functional(make_console(), figures)


def bench_early_stopping(
    run: Annotated[Path, typer.Argument(help="Folder of a run made without hurdles.")],
    as_json: Json = False,
) -> None:
    """Replay a run without early stopping: what hurdles would have saved and lost.

    Nothing is trained.

    \b
    Examples:
      lionhunt bench hurdles runs/no_hurdles
    """
    with RunStore.open_to_read(run) as records:
        figures = bench_hurdles(records)
    print_json(figures) if as_json else report.print_bench_hurdles(make_console(), figures)
