"""The commands `lionhunt search` and `lionhunt resume`."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.api import searches
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.api.runs import Run
from lionhunt.search.cli.terminal import (
    DryRun,
    RayAddress,
    Settings,
    Workers,
    make_console,
    print_line,
    progress_display,
)
from lionhunt.search.driver import report
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import ConfigError
from lionhunt.search.interrupt import set_way_on_by_resume
from lionhunt.search.reporting.text import print_json
from lionhunt.search.user_code.functions import load_functions


def search(
    config: Annotated[
        str, typer.Argument(metavar="CONFIG", help="A TOML file, or the name of a bundled config.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the run; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    ray_address: RayAddress = None,
    settings: Settings = None,
    is_dry: DryRun = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --dry-run: print JSON.")] = False,
) -> None:
    """Search for optimizers as CONFIG says.

    Ctrl-C stops the run; 'lionhunt resume RUN' continues it.

    \b
    Examples:
      lionhunt search quickstart
      lionhunt search quickstart --dry-run
      lionhunt search configs/quickstart.toml --workers 4 --set seed=1
    """
    if as_json and not is_dry:
        raise ConfigError(
            "--json needs --dry-run; for a finished run use 'lionhunt show RUN --json'"
        )
    name, run_config = resolve_config(config, RunConfig, settings)
    if is_dry:
        _print_dry_run(run_config, workers, as_json)
        return
    folder = out or searches.free_run_folder(Path("runs") / name)
    _follow(functools.partial(searches.run, run_config, folder), workers, ray_address)


def resume(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    workers: Workers = None,
    rescore: Annotated[
        bool,
        typer.Option("--rescore", help="Start it again in a new folder; RUN is left alone."),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="That folder; RUN-rescored by default.")] = None,
    ray_address: RayAddress = None,
    allow_code: Annotated[
        bool,
        typer.Option(
            "--allow-code", help="Execute files of tasks with which no search of yours began."
        ),
    ] = False,
) -> None:
    """Continue a run that was stopped or killed.

    Lionhunt refuses a run whose programs score differently on this machine. With --rescore it
    starts such a run again from its config.

    \b
    Examples:
      lionhunt resume runs/quickstart
      lionhunt resume runs/quickstart --rescore
    """
    if rescore:
        print_line(make_console(), f"{run} is left alone; the search starts again in a new folder")
        _follow(
            functools.partial(searches.rescore, run, out, allow_code=allow_code),
            workers,
            ray_address,
        )
        return
    if out is not None:
        raise ConfigError("--out needs --rescore; without it, a run continues in its own folder")
    set_way_on_by_resume(run)
    _follow(functools.partial(searches.resume, run, allow_code=allow_code), workers, ray_address)


def _print_dry_run(config: RunConfig, workers: int | None, as_json: bool) -> None:
    from lionhunt.search.driver.setup import load_initial
    from lionhunt.search.dry_run import plan_run, print_plan

    num_workers = config.evaluation.workers if workers is None else workers
    with load_functions(config.functions_from):
        plan = plan_run(config, load_initial(config.initial), num_workers)
    print_json(plan) if as_json else print_plan(make_console(), plan)


def _follow(start: Callable[..., Run], workers: int | None, ray_address: str | None) -> None:
    """Run a search with a live display, then print its summary.

    Args:
        start: starts or continues a run, with the arguments of `searches.run`.
        workers: see `searches.run`.
        ray_address: see `searches.run`.
    """
    console = make_console()

    def on_start(run: Run) -> None:
        set_way_on_by_resume(run.folder)
        config = run.config
        num_workers = config.evaluation.workers if workers is None else workers
        place = f"{num_workers} workers" if num_workers else "in this process"
        print_line(console, f"run {run.folder}: {config.num_programs:,} programs, {place}")

    starting = "starting: each worker compiles the tasks once"
    with progress_display(console, report.progress_display, report.progress_line, starting) as show:
        run = start(workers=workers, ray_address=ray_address, on_progress=show, on_start=on_start)
    report.print_run(console, run.summary())
    print(f"\n{report.next_commands(run.folder)}")
