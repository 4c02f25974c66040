"""Commands that measure whole searches, and how they grow."""

from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from lionhunt.proxy_tasks import FAMILIES
from lionhunt.search.activity import Activity
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.bench import report
from lionhunt.search.bench.commands.profile import profile
from lionhunt.search.bench.commands.records import NUM_PROGRAMS, bench_records
from lionhunt.search.bench.commands.start import bench_start
from lionhunt.search.bench.tasks import bench_tasks
from lionhunt.search.cli.terminal import Json, activity_display, make_console, print_line
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import ConfigError, did_you_mean
from lionhunt.search.fields import MAX_COUNT
from lionhunt.search.interrupt import set_way_on_from_start
from lionhunt.search.reporting.blocks import print_blocks, to_markdown_report
from lionhunt.search.reporting.report_files import write_report
from lionhunt.search.reporting.text import print_json


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
    found, summary, path = {}, {}, out
    with activity_display(make_console(stderr=True)) as on_activity:
        for name, measured in measure_growth(
            axes or list(AXES), command, is_full=is_full, on_activity=on_activity
        ):
            found[name] = measured
            both = read_growth(out) | found
            summary = {name: both[name] for name in AXES if name in both}
            # An interrupt loses the axis that it stops, and no other.
            path = _write_growth(out, summary)
    if as_json:
        print_json(summary)
    else:
        console = make_console()
        print_blocks(console, growth_blocks(found))
        print_line(console, f"\nreport: {path}")


def _write_growth(folder: Path, summary: dict[str, Any]) -> Path:
    """Write the report of some axes, and return its path."""
    # Importing matplotlib takes half a second.
    from lionhunt.search.bench.growth.figures import growth_figures
    from lionhunt.search.bench.growth.report import growth_blocks

    blocks = growth_blocks(summary, has_figures=True)
    text = to_markdown_report("Growth of time and memory", blocks)
    return write_report(folder, summary, text, growth_figures(summary), indent=1)
