"""The commands `lionhunt bench ...`."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.bench import report
from lionhunt.search.bench.batches import BATCH_SIZES, NUM_ONE_BY_ONE, TASKS, bench_batch
from lionhunt.search.bench.early_stopping import bench_hurdles
from lionhunt.search.bench.functional_equivalence import bench_functional
from lionhunt.search.bench.language import bench_dsl
from lionhunt.search.bench.machine import bench_machine
from lionhunt.search.bench.sample_children import (
    NUM_CHILDREN,
    RAW_CONFIG,
    breed_children,
    read_children,
)
from lionhunt.search.bench.tasks import bench_tasks
from lionhunt.search.cli.terminal import Json, make_console, status_line
from lionhunt.search.driver.config import parse_run_config
from lionhunt.search.errors import ConfigError
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.run_store import RunStore

bench = typer.Typer(help="Measure lionhunt itself.")


@bench.command("dsl")
def bench_language(as_json: Json = False) -> None:
    """How many programs a second the language takes, on one core; about ten seconds."""
    figures = bench_dsl()
    print_json(figures) if as_json else report.print_bench_dsl(make_console(), figures)


@bench.command("functional")
def bench_functional_fingerprint(
    run: Annotated[Path, typer.Argument(help="A run's folder.")], as_json: Json = False
) -> None:
    """How often the functional fingerprint would have been wrong in a run."""
    with RunStore.open_to_read(run) as records:
        figures = bench_functional(records)
    print_json(figures) if as_json else report.print_bench_functional(make_console(), figures)


def _known(name: str) -> str:
    if name not in TASKS:
        raise typer.BadParameter(f"no task '{name}'; there are {', '.join(TASKS)}")
    return name


@bench.command("batch")
def bench_batches(
    task: Annotated[
        list[str] | None,
        typer.Option(parser=_known, help="A task; may be repeated. All by default."),
    ] = None,
    size: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Candidates side by side; may be repeated. 1 to 1024 by default."),
    ] = None,
    one_by_one: Annotated[
        int, typer.Option(min=1, help="Candidates that one core is timed on.")
    ] = NUM_ONE_BY_ONE,
    as_json: Json = False,
) -> None:
    """How many candidates a second train in batches, against one core; made for accelerators."""
    tasks = [FAMILIES[name]().build() for name in task or TASKS]
    figures = bench_batch(tasks, size or BATCH_SIZES, one_by_one)
    print_json(figures) if as_json else report.print_bench_batch(make_console(), figures)


@bench.command("machine")
def bench_evaluations(
    run: Annotated[
        Path | None,
        typer.Option(help="Folder of a run whose children are taken; a short search by default."),
    ] = None,
    as_json: Json = False,
) -> None:
    """How fast candidates are scored, against hand-written optimizers and compiling each; about
    ten minutes on two cores that have nothing else to do."""
    with status_line(make_console(stderr=True)) as say:
        if run is None:
            say("a short search, for its children")
            config = parse_run_config(RAW_CONFIG, "the search of this bench")
            children = breed_children(config, NUM_CHILDREN)
        else:
            with RunStore.open_to_read(run) as records:
                children = read_children(records, NUM_CHILDREN)
        figures = bench_machine(children, say)
    print_json(figures) if as_json else report.print_bench_machine(make_console(), figures)


@bench.command("tasks")
def bench_scales(
    families: Annotated[
        list[str] | None, typer.Argument(metavar="TASK...", help="Families; all by default.")
    ] = None,
    scales: Annotated[str, typer.Option(help="Of the dial of cost.")] = "1,10,100",
    as_json: Json = False,
) -> None:
    """What the proxy tasks cost at every scale; about a minute a task."""
    for family in families or ():
        if family not in FAMILIES:
            raise ConfigError(f"no family of tasks '{family}'; there are {', '.join(FAMILIES)}")
    try:
        numbers = [float(scale) for scale in scales.split(",")]
    except ValueError:
        raise ConfigError(f"--scales {scales}: give numbers, as in 1,10,100") from None
    rows = []
    with status_line(make_console(stderr=True)) as say:
        for row in bench_tasks(families or list(FAMILIES), numbers):
            rows.append(row)
            say(f"{row['task']} at scale {row['scale']:g} is measured")
    print_json(rows) if as_json else report.print_bench_tasks(make_console(), rows)


@bench.command("hurdles")
def bench_early_stopping(
    run: Annotated[Path, typer.Argument(help="Folder of a run made without hurdles.")],
    as_json: Json = False,
) -> None:
    """What early stopping would have saved and lost in a run; nothing is trained."""
    with RunStore.open_to_read(run) as records:
        figures = bench_hurdles(records)
    print_json(figures) if as_json else report.print_bench_hurdles(make_console(), figures)
