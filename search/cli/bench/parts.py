"""Commands that measure parts of lionhunt: the language, and the scoring of candidates."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench import report
from lionhunt.search.bench.alternatives.comparison import bench_alternatives
from lionhunt.search.bench.alternatives.report import print_bench_alternatives
from lionhunt.search.bench.batches import BATCH_SIZES, NUM_ONE_BY_ONE, TASKS, bench_batch
from lionhunt.search.bench.language import bench_dsl
from lionhunt.search.bench.machine import bench_machine
from lionhunt.search.bench.sample_children import (
    NUM_CHILDREN,
    RAW_CONFIG,
    Children,
    breed_children,
    read_children,
)
from lionhunt.search.bench.step_sizes import bench_step_sizes
from lionhunt.search.cli.terminal import Json, activity_display, make_console
from lionhunt.search.driver.config import parse_run_config
from lionhunt.search.errors import did_you_mean
from lionhunt.search.interrupt import set_way_on_from_start
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.run_store import RunStore


def bench_language(as_json: Json = False) -> None:
    """Count programs a second through the language, on one core.

    It takes about ten seconds.

    \b
    Examples:
      lionhunt bench dsl
    """
    set_way_on_from_start()
    figures = bench_dsl()
    print_json(figures) if as_json else report.print_bench_dsl(make_console(), figures)


def _check_task(name: str) -> str:
    if name not in TASKS:
        near = did_you_mean(name, TASKS)
        raise typer.BadParameter(f"no task '{name}'{near}; there are {', '.join(TASKS)}")
    return name


def bench_batches(
    task: Annotated[
        list[str] | None,
        typer.Option(parser=_check_task, help="A task; repeatable. All by default."),
    ] = None,
    size: Annotated[
        list[int] | None,
        typer.Option(min=1, help="Candidates side by side; repeatable. 1 to 1024 by default."),
    ] = None,
    one_by_one: Annotated[
        int, typer.Option(min=1, help="Candidates that one core is timed on.")
    ] = NUM_ONE_BY_ONE,
    as_json: Json = False,
) -> None:
    """Count candidates a second in batches, against one core; made for accelerators.

    \b
    Examples:
      lionhunt bench batch --task digits_mlp --size 16 --size 64
    """
    set_way_on_from_start()
    tasks = [FAMILIES[name]().build() for name in task or TASKS]
    figures = bench_batch(tasks, size or BATCH_SIZES, one_by_one)
    print_json(figures) if as_json else report.print_bench_batch(make_console(), figures)


def bench_evaluations(
    run: Annotated[
        Path | None,
        typer.Option(help="Folder of a run whose children are timed; a short search by default."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Time the scoring of candidates against optimizers written by hand.

    It also compares with compiling each candidate. It takes about ten minutes on two idle cores.

    \b
    Examples:
      lionhunt bench machine
      lionhunt bench machine --run runs/quickstart --json
    """
    set_way_on_from_start()
    with activity_display(make_console(stderr=True)) as on_activity:
        if run is None:
            children = _breed(on_activity)
        else:
            with RunStore.open_to_read(run) as records:
                children = read_children(records, NUM_CHILDREN)
        figures = bench_machine(children, on_activity)
    print_json(figures) if as_json else report.print_bench_machine(make_console(), figures)


def _breed(on_activity: OnActivity) -> Children:
    """Return the children of a short search."""
    on_activity(Activity("a short search, for its children"))
    config = parse_run_config(RAW_CONFIG, "the search of this bench")
    return breed_children(config, NUM_CHILDREN)


def bench_multiples(as_json: Json = False) -> None:
    """Time candidates at several step sizes against one training; about two minutes.

    \b
    Examples:
      lionhunt bench step-sizes
    """
    set_way_on_from_start()
    with activity_display(make_console(stderr=True)) as on_activity:
        figures = bench_step_sizes(_breed(on_activity), on_activity)
    print_json(figures) if as_json else report.print_bench_step_sizes(make_console(), figures)


def bench_torch_task(as_json: Json = False) -> None:
    """Time a task in PyTorch against the same one in JAX; about a minute.

    \b
    Examples:
      lionhunt bench torch
    """
    # torch is an extra of the package.
    from lionhunt.search.bench.torch_task import bench_torch

    set_way_on_from_start()
    with activity_display(make_console(stderr=True)) as on_activity:
        figures = bench_torch(_breed(on_activity), on_activity)
    print_json(figures) if as_json else report.print_bench_torch(make_console(), figures)


def bench_other_tools(as_json: Json = False) -> None:
    """Time Lionhunt beside JAX alone, PyTorch, DEAP and PyGlove.

    It trains candidates and breeds children, on one core, in about three minutes.
    A package that is missing is left out.

    \b
    Examples:
      lionhunt bench alternatives
    """
    set_way_on_from_start()
    with activity_display(make_console(stderr=True)) as on_activity:
        figures = bench_alternatives(_breed(on_activity), on_activity)
    print_json(figures) if as_json else print_bench_alternatives(make_console(), figures)
