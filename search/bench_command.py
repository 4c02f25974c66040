"""The commands `lionhunt bench ...`."""

from pathlib import Path
from typing import Annotated

import typer

from proxy_tasks import FAMILIES
from search import report
from search.bench import bench_dsl, bench_functional
from search.bench_hurdles import bench_hurdles
from search.bench_tasks import bench_tasks, show_bench_tasks
from search.config_file import ConfigError
from search.records import Records
from search.terminal import Json, make_console, saying

bench = typer.Typer(help="Measure lionhunt itself.")


@bench.command("dsl")
def bench_language(as_json: Json = False) -> None:
    """How many programs a second the language takes, on one core; about ten seconds."""
    figures = bench_dsl()
    report.print_json(figures) if as_json else report.show_bench_dsl(make_console(), figures)


@bench.command("functional")
def bench_functional_fingerprint(
    run: Annotated[Path, typer.Argument(help="A run's folder.")], as_json: Json = False
) -> None:
    """How often the functional fingerprint would have been wrong in a run."""
    with Records.open_to_read(run) as records:
        figures = bench_functional(records)
    report.print_json(figures) if as_json else report.show_counts(make_console(), figures)


@bench.command("tasks")
def bench_scales(
    families: Annotated[
        list[str] | None, typer.Argument(metavar="TASK...", help="Families; all by default.")
    ] = None,
    scales: Annotated[str, typer.Option(help="Of the dial of cost.")] = "1,10,100",
    as_json: Json = False,
) -> None:
    """What the proxy tasks cost at every scale, modelled and measured; about a minute a task."""
    for family in families or ():
        if family not in FAMILIES:
            raise ConfigError(f"no family of tasks '{family}'; there are {', '.join(FAMILIES)}")
    try:
        numbers = [float(scale) for scale in scales.split(",")]
    except ValueError:
        raise ConfigError(f"--scales {scales}: give numbers, as in 1,10,100") from None
    rows = []
    with saying(make_console(stderr=True)) as say:
        for row in bench_tasks(families or list(FAMILIES), numbers):
            rows.append(row)
            say(f"{row['task']} at scale {row['scale']:g} is measured")
    report.print_json(rows) if as_json else show_bench_tasks(make_console(), rows)


@bench.command("hurdles")
def bench_early_stopping(
    run: Annotated[Path, typer.Argument(help="Folder of a run made without hurdles.")],
    as_json: Json = False,
) -> None:
    """What early stopping would have saved and lost in a run; nothing is trained."""
    with Records.open_to_read(run) as records:
        figures = bench_hurdles(records)
    report.print_json(figures) if as_json else report.show_bench_hurdles(make_console(), figures)
