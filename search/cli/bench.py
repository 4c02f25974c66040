"""The commands `lionhunt bench ...`: how fast Lionhunt is, and what its options save."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.bench import report
from lionhunt.search.bench.alternatives.comparison import bench_alternatives
from lionhunt.search.bench.alternatives.report import print_bench_alternatives
from lionhunt.search.bench.batches import BATCH_SIZES, NUM_ONE_BY_ONE, TASKS, bench_batch
from lionhunt.search.bench.commands.profile import profile
from lionhunt.search.bench.commands.records import NUM_PROGRAMS, bench_records
from lionhunt.search.bench.commands.start import bench_start
from lionhunt.search.bench.early_stopping import bench_hurdles
from lionhunt.search.bench.functional_equivalence import bench_functional
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
from lionhunt.search.bench.tasks import bench_tasks
from lionhunt.search.cli.terminal import Json, activity_display, make_console, print_line
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.fields import MAX_COUNT
from lionhunt.search.interrupt import set_way_on_from_start
from lionhunt.search.reporting.blocks import print_blocks, to_markdown_report
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.text import print_json
from lionhunt.search.storage.run_store import RunStore

bench = typer.Typer(help="Measure lionhunt itself.", add_completion=False, rich_markup_mode=None)


@bench.command("dsl")
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


@bench.command("functional")
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


def _check_task(name: str) -> str:
    if name not in TASKS:
        near = did_you_mean(name, TASKS)
        raise typer.BadParameter(f"no task '{name}'{near}; there are {', '.join(TASKS)}")
    return name


@bench.command("batch")
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


@bench.command("machine")
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


@bench.command("start")
def bench_starts(
    config: Annotated[str, typer.Argument(help="A bundled config or a file.")] = "quickstart",
    workers: Annotated[int, typer.Option(min=1, help="Worker processes.")] = 2,
    as_json: Json = False,
) -> None:
    """Time the start of workers, without and with compiled code; about a minute.

    \b
    Examples:
      lionhunt bench start
      lionhunt bench start mine.toml --workers 8
    """
    set_way_on_from_start()
    _, run_config = resolve_config(config, RunConfig)
    with activity_display(make_console(stderr=True)) as on_activity:
        figures = bench_start(run_config, workers, on_activity)
    print_json(figures) if as_json else report.print_bench_start(make_console(), figures)


@bench.command("profile", context_settings={"ignore_unknown_options": True})
def bench_profile(
    words: Annotated[list[str], typer.Argument(metavar="COMMAND...", help="Any other command.")],
) -> None:
    """Run another command, and show where the time of its driver and its workers goes.

    \b
    Examples:
      lionhunt bench profile search quickstart
      lionhunt bench profile derive raw_lion
    """
    from lionhunt.search.cli.main import app

    def work() -> None:
        with suppress(SystemExit):
            app(words, standalone_mode=False)

    report.print_profile(make_console(), profile(work))


@bench.command("step-sizes")
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


@bench.command("torch")
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


@bench.command("alternatives")
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


@bench.command("records")
def bench_long_run(
    programs: Annotated[
        int, typer.Option(min=2000, max=MAX_COUNT, help="Programs of the run.")
    ] = NUM_PROGRAMS,
    as_json: Json = False,
) -> None:
    """Measure a long run without training: the driver, its memory, and reading the records.

    The run is in a temporary folder. 300,000 programs take two to six minutes.

    \b
    Examples:
      lionhunt bench records
      lionhunt bench records --programs 20000
    """
    set_way_on_from_start()
    with activity_display(make_console(stderr=True)) as on_activity:
        figures = bench_records(programs, on_activity)
    print_json(figures) if as_json else report.print_bench_records(make_console(), figures)


@bench.command("tasks")
def bench_scales(
    families: Annotated[
        list[str] | None, typer.Argument(metavar="TASK...", help="Tasks; all by default.")
    ] = None,
    scales: Annotated[str, typer.Option(help="Scales of the tasks.")] = "1,10,100",
    as_json: Json = False,
) -> None:
    """Time the proxy tasks at every scale; about a minute a task.

    \b
    Examples:
      lionhunt bench tasks digits_mlp stdlib_lm --scales 1,10
    """
    for family in families or ():
        if family not in FAMILIES:
            near = did_you_mean(family, FAMILIES)
            raise ConfigError(f"no task '{family}'{near}; there are {', '.join(FAMILIES)}")
    try:
        numbers = [float(scale) for scale in scales.split(",")]
    except ValueError:
        raise ConfigError(f"--scales {scales}: give numbers, as in 1,10,100") from None
    rows = []
    set_way_on_from_start()
    names = families or list(FAMILIES)
    with activity_display(make_console(stderr=True), f"measuring {names[0]}") as on_activity:
        for row in bench_tasks(names, numbers):
            rows.append(row)
            text = f"{row['task']} at scale {row['scale']:g} is measured"
            on_activity(Activity(text, len(rows), len(names) * len(numbers), "tasks"))
    print_json(rows) if as_json else report.print_bench_tasks(make_console(), rows)


@bench.command("growth")
def bench_growth(
    axes: Annotated[
        list[str] | None,
        typer.Argument(metavar="AXIS...", help="Sizes that grow; all by default."),
    ] = None,
    is_full: Annotated[
        bool, typer.Option("--full", help="Up to 10,000 workers and a million programs.")
    ] = False,
    out: Annotated[Path, typer.Option(help="Folder of the report.")] = Path("runs/growth"),
    as_json: Json = False,
) -> None:
    """Measure how time and memory grow with each size of a search; about eight minutes.

    AXIS is parameters, statements, population, workers or programs. A report that is in the folder
    keeps its other axes.

    \b
    Examples:
      lionhunt bench growth
      lionhunt bench growth statements programs
      lionhunt bench growth programs --full
    """
    from lionhunt.search.bench.growth.loop import AXES, measure_growth, read_growth
    from lionhunt.search.bench.growth.report import growth_blocks

    for name in axes or ():
        if name not in AXES:
            near = did_you_mean(name, AXES)
            raise ConfigError(f"no axis '{name}'{near}; there are {', '.join(AXES)}")
    set_way_on_from_start()
    # A folder with another report is refused before anything is measured.
    read_growth(out)
    command = " ".join(["lionhunt bench growth", *(axes or ()), *(["--full"] * is_full)])
    with activity_display(make_console(stderr=True)) as on_activity:
        found = measure_growth(
            axes or list(AXES), command, is_full=is_full, on_activity=on_activity
        )
    both = read_growth(out) | found
    summary = {name: both[name] for name in AXES if name in both}
    # Importing matplotlib takes half a second.
    from lionhunt.search.bench.growth.figures import growth_figures

    blocks = growth_blocks(summary, has_figures=True)
    text = to_markdown_report("Growth of time and memory", blocks)
    path = write_report(out, summary, text, growth_figures(summary), indent=1)
    if as_json:
        print_json(summary)
    else:
        console = make_console()
        print_blocks(console, growth_blocks(found))
        print_line(console, f"\nreport: {path}")


@bench.command("hurdles")
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
